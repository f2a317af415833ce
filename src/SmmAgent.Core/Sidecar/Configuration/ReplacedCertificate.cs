using SmmAgent.Contract;
using SmmAgent.Core.Time;

namespace SmmAgent.Core.Sidecar.Configuration;

/// <summary>How often the sidecar was restarted because its certificate was another identity's. Root keeps it between two looks.</summary>
/// <remarks>The file and its time are the sidecar's user's to write, who must not be able to have the sidecar restarted at will.</remarks>
/// <param name="Replaced">How many times in a row.</param>
/// <param name="Last">When it was the last time; null when it was never.</param>
/// <param name="Identity">The identity that this VM was to have then.</param>
public sealed record ReplacedCertificate(int Replaced = 0, DateTimeOffset? Last = null, string? Identity = null)
{
    /// <summary>When it may be the next time; null for now.</summary>
    public DateTimeOffset? NotBefore => RemediationPacing.Next(Replaced, Last);

    /// <summary>
    /// The record at this look. It starts again also when this VM is to have another identity: that is the operator's doing.
    /// </summary>
    public ReplacedCertificate Observe(SpiffeId wanted, FoundCertificate? found, DateTimeOffset now) =>
        (Identity is not null && Identity != $"{wanted}") || RemediationPacing.IsOver(Last, found?.OtherThan(wanted) is null, now)
            ? new()
            : this;

    /// <summary>The record after one more time.</summary>
    public ReplacedCertificate AfterReplacement(SpiffeId wanted, DateTimeOffset now) => new(Replaced + 1, now, $"{wanted}");
}
