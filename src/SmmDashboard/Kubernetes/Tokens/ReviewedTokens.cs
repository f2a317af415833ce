using System.Collections.Concurrent;
using SmmAgent.Contract;
using SmmDashboard.Access;
using SmmDashboard.Groups;
using SmmDashboard.Http;
using SmmDashboard.Kubernetes.Api;

namespace SmmDashboard.Kubernetes.Tokens;

/// <summary>
/// Judges tokens by TokenReviews. A review is used again for a short time, there is one at a time for a token, and a token that was valid
/// lives on for a while when the API server is away. "Cannot be checked" is never "refused".
/// </summary>
public sealed class ReviewedTokens : ITokenValidator, IDisposable
{
    /// <summary>For one token, the wait for its turn included.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    /// <summary>How long a refusal is used again.</summary>
    public static readonly TimeSpan InvalidFor = TimeSpan.FromSeconds(10);

    /// <summary>How long a valid token's review is used again; ten per cent more or less, so that not all are due at once.</summary>
    public static readonly TimeSpan ValidFor = TimeSpan.FromMinutes(2);

    private const int LargestToken = 8 * 1024;
    private const string Rule = "; the ClusterRole needs {apiGroups: [authentication.k8s.io], resources: [tokenreviews], verbs: [create]}";
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LogAgain = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan WarnAgain = TimeSpan.FromDays(1);

    private readonly TokenReviewer _reviewer;
    private readonly TokenOptions _options;
    private readonly CurrentMesh _mesh;
    private readonly TimeProvider _clock;
    private readonly ILogger<ReviewedTokens> _log;
    private readonly ReviewCache _cache;
    private readonly ConcurrentDictionary<TokenHash, Lazy<Task<ReviewedToken>>> _running = new();
    private readonly KeyedBuckets<ServiceAccount> _warnings;
    private readonly Lock _lock = new();
    private string? _fault;
    private long _faultLoggedAt;

    public ReviewedTokens(KubernetesApi api, TokenOptions options, CurrentMesh mesh, TimeProvider clock, ILogger<ReviewedTokens> log)
    {
        (_options, _mesh, _clock, _log) = (options, mesh, clock, log);
        _reviewer = new TokenReviewer(api, options);
        _cache = new ReviewCache(clock);
        _warnings = new(new Rate(1, 1 / WarnAgain.TotalSeconds), clock);
    }

    public bool IsKnown(PresentedToken token) =>
        RefusedUnseen(token) is not null || TokenHash.From(token.Sha256) is var hash && (WasValid(hash) || Fresh(hash, token) is not null);

    public async ValueTask<TokenValidation> ValidateAsync(PresentedToken token, CancellationToken cancellationToken)
    {
        if (RefusedUnseen(token) is { } refused)
            return refused;

        var hash = TokenHash.From(token.Sha256);
        return (Fresh(hash, token) ?? await ReviewedAsync(hash, token, cancellationToken)) switch
        {
            ReviewedToken.Valid valid => Accepted(valid),
            ReviewedToken.Invalid invalid => invalid.Verdict,
            _ => throw new InvalidOperationException("a review has one of two results"),
        };
    }

    public void Dispose() => _reviewer.Dispose();

    /// <summary>Refuses invalid tokens without the API server, so that a flood of such tokens does not reach it.</summary>
    private TokenValidation.Refused? RefusedUnseen(PresentedToken token)
    {
        var text = token.Reveal();
        return text.Length > LargestToken
            ? new(ProblemReasons.TokenMalformed, $"the token is larger than {LargestToken} bytes, which no service account's token is")
            : text.Split('.') is not [{ Length: > 0 }, { Length: > 0 }, { Length: > 0 }]
                ? new(ProblemReasons.TokenMalformed,
                    "this is not a token of a service account (three parts with dots between them); "
                        + $"{ReviewAnswer.Command(new("NAMESPACE", "SERVICEACCOUNT"), _options.Audience)}")
            : HasExpired(token) ? new(
                ProblemReasons.TokenExpired, "the token has expired; set a new one: sudo smm-agent set bearer-token --stdin")
            : null;
    }

    private bool HasExpired(PresentedToken token) => token.ExpiresAt is { } expiry && expiry <= _clock.GetUtcNow();

    private bool WasValid(TokenHash hash) =>
        _cache.Find(hash) is { Token: ReviewedToken.Valid } review && _clock.GetElapsedTime(review.At) < ReviewCache.Grace;

    private ReviewedToken? Fresh(TokenHash hash, PresentedToken token) =>
        _cache.Find(hash) is { } review && _clock.GetElapsedTime(review.At) < review.FreshFor && !HasExpired(token) ? review.Token : null;

    // No single caller owns the task: a caller that disconnects does not cancel it for the others.
    private Task<ReviewedToken> ReviewedAsync(TokenHash hash, PresentedToken token, CancellationToken cancellationToken) =>
        _running.GetOrAdd(hash, _ => new(() => ReviewAsync(hash, token))).Value.WaitAsync(cancellationToken);

    private async Task<ReviewedToken> ReviewAsync(TokenHash hash, PresentedToken token)
    {
        try
        {
            // One that ended since the caller looked.
            if (Fresh(hash, token) is { } known)
                return known;

            using var deadline = new CancellationTokenSource(Deadline, _clock);
            try
            {
                var reviewed = await _reviewer.ReviewAsync(token, WasValid(hash), deadline.Token);
                _cache.Put(
                    hash, new(reviewed, _clock.GetTimestamp(), reviewed is ReviewedToken.Valid ? ValidFor * Jitter(hash) : InvalidFor));
                Recovered();
                return reviewed;
            }
            catch (OperationCanceledException) when (deadline.IsCancellationRequested)
            {
                return Surviving(hash, ApiException.TimedOut(TokenReviewer.Call, Deadline));
            }
            catch (ApiException fault)
            {
                return Surviving(hash, fault);
            }
        }
        finally
        {
            _running.TryRemove(hash, out _);
        }
    }

    /// <summary>A token that was valid a short time ago stays valid while the API server is unreachable.</summary>
    /// <exception cref="UnavailableException">Of this one nothing is known.</exception>
    private ReviewedToken.Valid Surviving(TokenHash hash, ApiException fault)
    {
        Failed(fault);
        if (_cache.Find(hash) is not { Token: ReviewedToken.Valid valid } review || _clock.GetElapsedTime(review.At) >= ReviewCache.Grace)
        {
            throw new UnavailableException(
                fault.Fault == ApiFault.Forbidden
                    ? "the dashboard may not check tokens: its log names the missing right"
                    : "the token cannot be checked now: the dashboard gets no answer from the Kubernetes API, its log has the reason",
                fault.RetryAfter ?? Soon,
                fault);
        }

        // Not at each request of a thousand VMs.
        var until = _clock.GetElapsedTime(review.At) + Soon;
        _cache.Put(hash, review with { FreshFor = until < ReviewCache.Grace ? until : ReviewCache.Grace });
        return valid;
    }

    private TokenValidation.Accepted Accepted(ReviewedToken.Valid valid)
    {
        var account = valid.Owner.Account;
        if (valid.IsForApiServer && _warnings.TryTake(account, out _))
            _log.OpensKubernetesApi(account.Namespace, account.Name, ReviewAnswer.Command(account, _options.Audience));
        return new TokenValidation.Accepted(_mesh.FindGroups(account), [account.Namespace], valid.Owner);
    }

    private void Failed(ApiException fault)
    {
        lock (_lock)
        {
            if (_fault == fault.Message && _clock.GetElapsedTime(_faultLoggedAt) < LogAgain)
                return;

            (_fault, _faultLoggedAt) = (fault.Message, _clock.GetTimestamp());
        }

        _log.CannotReview(fault.Message, fault.Fault == ApiFault.Forbidden ? Rule : "");
    }

    private void Recovered()
    {
        if (Volatile.Read(ref _fault) is null)
            return;

        lock (_lock)
        {
            if (_fault is null)
                return;
            _fault = null;
        }

        _log.CanReviewAgain();
    }

    // 0.9 to 1.1, from the token's own hash: any spread does.
    private static double Jitter(TokenHash hash) => 0.9 + 0.2 * (uint)hash.Low / uint.MaxValue;
}
