using System.Text.Json;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Sidecar.Status;

/// <summary>
/// The report of the privileged reconcile to the daemon: the observations that only root can make, and the steps that failed. It has no
/// secret.
/// </summary>
/// <remarks>Data flows in this direction only: root takes no data from the daemon.</remarks>
public sealed record ReconcileReport
{
    /// <summary>The evaluation of the sidecar's token.</summary>
    public required IstioToken Token { get; init; }

    /// <summary>When the token's file last changed; null when there was none.</summary>
    public required DateTimeOffset? TokenModified { get; init; }

    /// <summary>
    /// The file with the mesh's root certificates, which only the sidecar and root can read; null when it could not be observed.
    /// </summary>
    public required FoundFile? RootCertificate { get; init; }

    /// <summary>The sidecar's certificate, without its key; null when there is none, or it could not be observed.</summary>
    public FoundCertificate? Certificate { get; init; }

    /// <summary>The failure that the log or the journal shows for a sidecar that does not run; null when they show none.</summary>
    public SidecarFailure? Failure { get; init; }

    public RefusedToken RefusedToken { get; init => field = value ?? new(); } = new();

    public ReplacedCertificate ReplacedCertificate { get; init => field = value ?? new(); } = new();

    public required CrashLoop CrashLoop { get; init; }

    public required IReadOnlyList<StepFailure> Failures { get; init; }

    /// <summary>
    /// Whether a change waits for its confirmation. Meanwhile nothing is enabled that would return with a restart of the host.
    /// </summary>
    public bool IsUnconfirmed { get; init; }

    /// <summary>The report before the first reconcile.</summary>
    public static ReconcileReport None { get; } = new()
    {
        Token = new(TokenVerdict.Use, "root has not reported yet", null),
        TokenModified = null,
        RootCertificate = null,
        CrashLoop = new(),
        Failures = [],
    };

    /// <summary>The report of an assessment.</summary>
    /// <param name="failures">The steps that failed.</param>
    /// <param name="isUnconfirmed">Whether a change waits for its confirmation.</param>
    public static ReconcileReport From(SidecarAssessment assessment, IReadOnlyList<StepFailure> failures, bool isUnconfirmed) => new()
    {
        Token = assessment.Observed.Token,
        TokenModified = assessment.Observed.File(SidecarFiles.Token) is { Owner.Length: > 0, Modified: var modified } ? modified : null,
        RootCertificate = assessment.Observed.File(SidecarFiles.RootCertificate) is { Content: not null } found
            ? SidecarFile.OnlyCertificates(found)
            : null,
        Certificate = assessment.Observed.Certificate,
        Failure = assessment.Observed.Unit.Value is { Activity: UnitActivity.Running } ? null : assessment.Observed.Failure,
        RefusedToken = assessment.RefusedToken,
        ReplacedCertificate = assessment.ReplacedCertificate,
        CrashLoop = assessment.CrashLoop,
        Failures = failures,
        IsUnconfirmed = isUnconfirmed,
    };

    public byte[] Write() => ReconcileReportJson.Write(this);

    /// <returns>Null when the text is not a report.</returns>
    public static ReconcileReport? Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return ReconcileReportJson.Read(json);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
