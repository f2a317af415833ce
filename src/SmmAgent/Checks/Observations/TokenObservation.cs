using SmmAgent.Core.Settings;
using SmmAgent.Core.Tokens;
using SmmAgent.Linux.Dashboard.Tokens;

namespace SmmAgent.Checks.Observations;

/// <summary>The bearer token.</summary>
/// <param name="Claims">The claims; null for an opaque or missing token.</param>
/// <param name="Doubts">The known reasons for the dashboard to refuse it, before it is sent.</param>
/// <param name="EvaluatedAt">The time that its claims are compared with.</param>
internal sealed record TokenObservation(
    BearerTokenReading Reading, TokenClaims? Claims, IReadOnlyList<TokenWarning> Doubts, DateTimeOffset EvaluatedAt)
{
    /// <param name="dashboard">Its clock is used if it is known, because the dashboard validates the token with it.</param>
    public static TokenObservation Read(AgentPaths paths, SettingsObservation settings, DashboardObservation dashboard, TimeProvider time)
    {
        var reading = BearerTokenFile.From(paths, time).Read();
        var claims = reading.Token?.Claims();
        var now = time.GetUtcNow() + (dashboard.Ahead ?? TimeSpan.Zero);
        // Only the dashboard knows the service account of the WorkloadGroup.
        return new(reading, claims, (claims?.FindWarnings(settings.Settings.Namespace, account: null, now) ?? []).ToArray(), now);
    }
}
