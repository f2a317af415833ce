using Microsoft.Extensions.Logging;
using SmmAgent.Contract;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Time;
using SmmAgent.Core.Tokens;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Report;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Files;

namespace SmmAgent.Daemon.Settings;

/// <summary>The state and files of the renewal.</summary>
/// <param name="Tokens">The token that is presented now.</param>
/// <param name="Renewed">The file of a renewed token.</param>
public sealed record TokenRenewalInputs(
    ObservableValue<SettingsState> Settings, BearerTokenFile Tokens, RenewedTokenFile Renewed, CurrentIdentity Identity);

/// <summary>Renews the bearer token through the dashboard at half of its lifetime.</summary>
public sealed class TokenRenewalService : LoopService
{
    /// <summary>The interval for a dashboard that does not renew the token.</summary>
    public static readonly TimeSpan RetryNotOffered = TimeSpan.FromDays(1);

    /// <summary>The minimum time between two renewals, independent of the lifetime of the tokens.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    private readonly TokenRenewalInputs _inputs;
    private readonly DashboardClients _clients;
    private readonly ObservableValue<TokenRenewal> _state;
    private readonly ILogger<TokenRenewalService> _log;
    private readonly RetryDelay _retry;
    private readonly double _spread;
    private CallSchedule _calls;
    private (string Stamp, Uri? Dashboard) _asked;

    /// <param name="random">Numbers from 0 (inclusive) to 1 (exclusive).</param>
    public TokenRenewalService(
        LoopContext context,
        TokenRenewalInputs inputs,
        DashboardClients clients,
        ObservableValue<TokenRenewal> state,
        Func<double> random,
        ILogger<TokenRenewalService> log)
        : base(context)
    {
        (_inputs, _clients, _state, _log) = (inputs, clients, state, log);
        (_retry, _spread) = (new RetryDelay(random), random());
        _calls = new CallSchedule(Time, _retry);
        inputs.Settings.NotifyOnChange(Signal);
    }

    public override async Task<TimeSpan> StepAsync(CancellationToken cancel)
    {
        var settings = _inputs.Settings.Value;
        // The operator set another token or another dashboard: the previous answer no longer applies.
        if (_asked != (settings.CredentialStamp, settings.Settings.DashboardUrl))
        {
            _asked = (settings.CredentialStamp, settings.Settings.DashboardUrl);
            _calls = new CallSchedule(Time, _retry);
            _state.Publish(TokenRenewal.NotTried);
        }

        var reading = _inputs.Tokens.Read();
        var claims = reading.Token?.Claims();
        if (TokenRenewal.DueAt(claims, _spread) is not { } due || claims!.Expires <= Time.GetUtcNow())
            return Interval; // The dashboard does not accept an expired token.
        if (due - Time.GetUtcNow() is var early && early > TimeSpan.Zero)
            return early < Interval ? early : Interval;
        if (_clients.For(settings) is not { } client || _inputs.Identity.IsForeign(settings.Settings))
            return Interval;
        if (_calls.Until(Subject) is var wait && wait > TimeSpan.Zero)
            return wait < Interval ? wait : Interval;

        var result = await client.RenewTokenAsync(_inputs.Identity.Uuid(settings.Settings), _inputs.Identity.Key, cancel);
        if (result.Failure is { } failure)
            Failed(failure, client.Target, reading.IsRenewed);
        else
            Keep(reading.Operators!, claims, result.Value!);
        return _calls.Until(Subject) is var next && next < Interval ? next : Interval;
    }

    private static object Subject => nameof(TokenRenewalService);

    private void Keep(BearerToken operators, TokenClaims presented, TokenResponse answer)
    {
        var claims = TokenClaims.Read(answer.Token);
        if (TokenRenewal.Refusal(claims, presented, Time.GetUtcNow()) is { } refusal)
        {
            NotNow(refusal, retryAfter: null);
            return;
        }

        try
        {
            _inputs.Renewed.Write(operators, answer.Token);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            NotNow($"the new token cannot be written: {FileErrors.Reason(exception)}", retryAfter: null);
            return;
        }

        _calls.RecordSuccess(Subject, Pause, Pause);
        var expires = TimeText.Format(claims!.Expires!.Value);
        _log.TokenRenewed(expires);
        _state.Publish(TokenRenewal.Works);
    }

    // A dashboard that renewed this token before is being replaced: the token may expire before tomorrow.
    private void Failed(DashboardFailure failure, DashboardTarget target, bool wasRenewed)
    {
        if (NotOffered(failure) is not { } reason)
        {
            NotNow(FailureText.Format(failure, target).Message, FailureText.RetryAfter(failure));
            return;
        }

        var pause = wasRenewed ? Interval : RetryNotOffered;
        _calls.RecordSuccess(Subject, pause, pause);
        if (_state.Value.Reason != reason)
            _log.TokenNotRenewable(reason);
        _state.Publish(new TokenRenewal(RenewalStatus.NotOffered, reason));
    }

    private static string? NotOffered(DashboardFailure failure) => failure switch
    {
        DashboardFailure.Refused { Code: ProblemCodes.NotSupported or ProblemCodes.TokenNotRenewable } refused => refused.Detail,
        DashboardFailure.Refused { Status: 404, Code: ProblemCodes.NotFound } => "the dashboard is older than the renewal of tokens",
        _ => null,
    };

    private void NotNow(string reason, TimeSpan? retryAfter)
    {
        _calls.RecordFailure(retryAfter);
        if (_state.Value is not { Status: RenewalStatus.Fails } before || before.Reason != reason)
            _log.RenewalFailed(reason);
        _state.Publish(new TokenRenewal(RenewalStatus.Fails, reason));
    }
}

internal static partial class TokenRenewalLog
{
    [LoggerMessage(EventId = 1101, Level = LogLevel.Information, Message = "Renewed the bearer token, valid until {Expires}")]
    public static partial void TokenRenewed(this ILogger log, string expires);

    [LoggerMessage(EventId = 1102, Level = LogLevel.Information, Message = "The bearer token is not renewed: {Reason}")]
    public static partial void TokenNotRenewable(this ILogger log, string reason);

    [LoggerMessage(EventId = 1103, Level = LogLevel.Information, Message = "Cannot renew the bearer token, retrying: {Reason}")]
    public static partial void RenewalFailed(this ILogger log, string reason);
}
