using SmmAgent.Core.Settings;
using SmmAgent.Core.Tokens;
using SmmAgent.Linux.Dashboard.Tokens;

namespace SmmAgent.Checks.Observations;

/// <summary>The bearer token.</summary>
/// <param name="Claims">What it says of itself; null for an opaque token, or none.</param>
/// <param name="Doubts">Why the dashboard will refuse it, as far as it can be told before it is sent.</param>
/// <param name="EvaluatedAt">The time that its times are held against.</param>
internal sealed record TokenObservation(BearerTokenReading Reading, TokenClaims? Claims, IReadOnlyList<TokenDoubt> Doubts, DateTimeOffset EvaluatedAt)
{
    /// <param name="dashboard">Its clock counts, where it is known: the dashboard judges by it.</param>
    public static TokenObservation Read(AgentPaths paths, SettingsObservation settings, DashboardObservation dashboard, TimeProvider time)
    {
        var reading = BearerTokenFile.Of(paths, time).Read();
        var claims = reading.Token?.Claims();
        var now = time.GetUtcNow() + (dashboard.Ahead ?? TimeSpan.Zero);
        // Which service account the WorkloadGroup wants, only the dashboard knows.
        return new(reading, claims, [.. claims?.Doubts(settings.Settings.Namespace, account: null, now) ?? []], now);
    }
}
