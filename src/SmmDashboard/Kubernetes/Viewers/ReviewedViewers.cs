using System.Collections.Concurrent;
using SmmAgent.Contract;
using SmmDashboard.Access;
using SmmDashboard.Admin.Machines;
using SmmDashboard.Admin.Viewers;
using SmmDashboard.Groups;
using SmmDashboard.Http;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Tokens;

namespace SmmDashboard.Kubernetes.Viewers;

/// <summary>
/// Admits viewers by the API server: a TokenReview says who has the token, and SubjectAccessReviews say in which namespaces the user may
/// get AttachedMachines and WorkloadGroups. Both are used again for a minute.
/// </summary>
public sealed class ReviewedViewers : IViewers, IDisposable
{
    /// <summary>How long an answer is used again. A revoked right or token has an effect after that.</summary>
    public static readonly TimeSpan ValidFor = TimeSpan.FromMinutes(1);

    /// <summary>How long a refusal is used again.</summary>
    public static readonly TimeSpan InvalidFor = TimeSpan.FromSeconds(10);

    /// <summary>How long a token that was accepted is known, so that it is not counted as one that may be a guess.</summary>
    public static readonly TimeSpan KnownFor = TimeSpan.FromHours(8);

    private const int MaximumAnswers = 2_000;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);

    private readonly ViewerReviews _reviews;
    private readonly TokenOptions _options;
    private readonly CurrentMesh _mesh;
    private readonly IMachineSource _machines;
    private readonly TimeProvider _clock;
    private readonly ILogger<ReviewedViewers> _log;
    private readonly ConcurrentDictionary<TokenHash, Answer> _answers = [];
    private readonly ConcurrentDictionary<TokenHash, Lazy<Task<Answer>>> _running = [];

    public ReviewedViewers(
        KubernetesApi api, TokenOptions options, CurrentMesh mesh, IMachineSource machines, TimeProvider clock,
        ILogger<ReviewedViewers> log)
    {
        (_options, _mesh, _machines, _clock, _log) = (options, mesh, machines, clock, log);
        _reviews = new ViewerReviews(api, options);
    }

    private sealed record Answer(Viewer? Viewer, ApiProblem? Problem, long At, TimeSpan FreshFor);

    public bool RequireToken => true;

    public bool IsKnown(PresentedToken token) =>
        HasExpired(token) || (_answers.TryGetValue(TokenHash.From(token.Sha256), out var answer) && IsKnown(answer));

    public async ValueTask<(Viewer? Viewer, ApiProblem? Problem)> AdmitAsync(PresentedToken? token, CancellationToken cancellationToken)
    {
        if (token is null)
            return (null, ApiProblem.TokenMissing());
        if (HasExpired(token))
            return (null, ApiProblem.TokenRefused(ProblemReasons.TokenExpired, "the token has expired; sign in with a new one"));

        var hash = TokenHash.From(token.Sha256);
        var answer = Fresh(hash) ?? await AskAsync(hash, token, cancellationToken);
        return (answer.Viewer, answer.Problem);
    }

    public void Dispose() => _reviews.Dispose();

    private bool HasExpired(PresentedToken token) => token.ExpiresAt <= _clock.GetUtcNow();

    private bool IsKnown(Answer answer) =>
        _clock.GetElapsedTime(answer.At) < (answer.Viewer is null ? answer.FreshFor : KnownFor);

    private Answer? Fresh(TokenHash hash) =>
        _answers.TryGetValue(hash, out var answer) && _clock.GetElapsedTime(answer.At) < answer.FreshFor ? answer : null;

    // No single caller owns the task: a caller that disconnects does not cancel it for the others.
    private Task<Answer> AskAsync(TokenHash hash, PresentedToken token, CancellationToken cancellationToken) =>
        _running.GetOrAdd(hash, _ => new(() => ReviewAsync(hash, token))).Value.WaitAsync(cancellationToken);

    private async Task<Answer> ReviewAsync(TokenHash hash, PresentedToken token)
    {
        using var deadline = new CancellationTokenSource(Deadline, _clock);
        try
        {
            var (user, refusal) = await _reviews.ReviewAsync(token, deadline.Token);
            var answer = user is null
                ? new Answer(null, ApiProblem.TokenRefused(ProblemReasons.TokenUnknown, Refused(refusal)), _clock.GetTimestamp(),
                    InvalidFor)
                : new Answer(await ViewerAsync(user, deadline.Token), null, _clock.GetTimestamp(), ValidFor);
            Keep(hash, answer);
            return answer;
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            throw new UnavailableException("the Kubernetes API does not answer in time", Soon);
        }
        catch (ApiException fault)
        {
            _log.CannotReviewViewer(fault.Message);
            throw new UnavailableException(
                fault.Fault == ApiFault.Forbidden
                    ? "the dashboard may not check the rights of viewers: its log names the missing right"
                    : "the rights of the viewer cannot be checked now: the dashboard gets no answer from the Kubernetes API",
                fault.RetryAfter ?? Soon, fault);
        }
        finally
        {
            _running.TryRemove(hash, out _);
        }
    }

    private async Task<Viewer> ViewerAsync(ReviewedUser user, CancellationToken cancellationToken)
    {
        var namespaces = _mesh.Entries.Select(entry => entry.Id.Namespace)
            .Concat(_machines.Machines.Select(machine => machine.Group.Namespace)).ToHashSet(StringComparer.Ordinal);
        return new Viewer(
            OneLine.From(user.Name),
            await _reviews.NamespacesAsync(user, ViewerReviews.Machines, namespaces, cancellationToken),
            await _reviews.NamespacesAsync(user, ViewerReviews.Groups, namespaces, cancellationToken));
    }

    private void Keep(TokenHash hash, Answer answer)
    {
        if (_answers.Count >= MaximumAnswers)
        {
            foreach (var (old, _) in _answers.Where(one => !IsKnown(one.Value)))
                _answers.TryRemove(old, out _);
            if (_answers.Count >= MaximumAnswers)
            {
                foreach (var (old, _) in _answers.Where(one => _clock.GetElapsedTime(one.Value.At) >= one.Value.FreshFor))
                    _answers.TryRemove(old, out _);
            }

            if (_answers.Count >= MaximumAnswers)
                _answers.Clear();
        }

        _answers[hash] = answer;
    }

    private string Refused(string reason) =>
        $"TokenReview: {reason}; for a token: kubectl -n NAMESPACE create token SERVICEACCOUNT --audience {_options.Audience}";
}

internal static partial class ReviewedViewersLog
{
    [LoggerMessage(6701, LogLevel.Warning,
        "Cannot check the rights of a viewer: {Reason}; the ClusterRole needs {{apiGroups: [authorization.k8s.io], resources: "
        + "[subjectaccessreviews], verbs: [create]}}")]
    public static partial void CannotReviewViewer(this ILogger log, string reason);
}
