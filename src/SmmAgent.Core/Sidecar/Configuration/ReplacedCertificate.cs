using SmmAgent.Contract;
using SmmAgent.Core.Time;

namespace SmmAgent.Core.Sidecar.Configuration;

/// <summary>
/// How often the sidecar was restarted because its certificate had another identity. The privileged reconcile keeps the record in its
/// report.
/// </summary>
/// <remarks>The sidecar's user can write the file and its time, and must not be able to trigger restarts of the sidecar at will.</remarks>
/// <param name="Replaced">The number of replacements in a row.</param>
/// <param name="Last">The time of the last replacement; null when there was none.</param>
/// <param name="Identity">The wanted identity of this VM at that time.</param>
public sealed record ReplacedCertificate(int Replaced = 0, DateTimeOffset? Last = null, string? Identity = null)
{
    /// <summary>The time of the next permitted replacement; null when it is permitted now.</summary>
    public DateTimeOffset? NotBefore => RemediationPacing.Next(Replaced, Last);

    /// <summary>
    /// The record after an observation. It also starts again when the wanted identity changes, because that is a decision of the operator.
    /// </summary>
    public ReplacedCertificate Observe(SpiffeId wanted, FoundCertificate? found, DateTimeOffset now) =>
        (Identity is not null && Identity != $"{wanted}") || RemediationPacing.IsOver(Last, found?.OtherThan(wanted) is null, now)
            ? new()
            : this;

    /// <summary>The record after one more replacement.</summary>
    public ReplacedCertificate AfterReplacement(SpiffeId wanted, DateTimeOffset now) => new(Replaced + 1, now, $"{wanted}");
}
