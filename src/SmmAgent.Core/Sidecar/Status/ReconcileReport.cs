using System.Text.Json;
using System.Text.Json.Serialization;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Sidecar.Status;

/// <summary>What root tells the daemon after a pass: what only root sees, and what root could not do. No secret is in it.</summary>
/// <remarks>It is the one way: root takes no data from the daemon.</remarks>
public sealed record ReconcileReport
{
    /// <summary>What root thinks of the sidecar's token.</summary>
    public required IstioToken Token { get; init; }

    /// <summary>When the token's file changed last; null when there was none.</summary>
    public required DateTimeOffset? TokenModified { get; init; }

    /// <summary>The file with the mesh's root certificates, which is the sidecar's alone to read; null when it could not be seen.</summary>
    public required FoundFile? RootCertificate { get; init; }

    /// <summary>The sidecar's certificate, without its key; null when there is none, or it could not be seen.</summary>
    public FoundCertificate? Certificate { get; init; }

    /// <summary>What the log and the journal tell of a sidecar that does not run; null when they tell of no failure.</summary>
    public SidecarFailure? Failure { get; init; }

    public RefusedToken RefusedToken { get; init => field = value ?? new(); } = new();

    public ReplacedCertificate ReplacedCertificate { get; init => field = value ?? new(); } = new();

    public required CrashLoop CrashLoop { get; init; }

    public required IReadOnlyList<StepFailure> Failures { get; init; }

    /// <summary>Whether a change waits for its confirmation: then nothing is enabled that would come back with a restart of the host.</summary>
    public bool IsUnconfirmed { get; init; }

    /// <summary>What there is to say before the first pass.</summary>
    public static ReconcileReport None { get; } = new()
    {
        Token = new(TokenVerdict.Use, "root has not looked yet", null),
        TokenModified = null,
        RootCertificate = null,
        CrashLoop = new(),
        Failures = [],
    };

    /// <summary>What there is to tell of a look.</summary>
    /// <param name="failures">What could not be done.</param>
    /// <param name="isUnconfirmed">Whether a change waits for its confirmation.</param>
    public static ReconcileReport From(SidecarAssessment look, IReadOnlyList<StepFailure> failures, bool isUnconfirmed) => new()
    {
        Token = look.Observed.Token,
        TokenModified = look.Observed.File(SidecarFiles.Token) is { Owner.Length: > 0, Modified: var modified } ? modified : null,
        RootCertificate = look.Observed.File(SidecarFiles.RootCertificate) is { Content: not null } found ? SidecarFile.OnlyCertificates(found) : null,
        Certificate = look.Observed.Certificate,
        Failure = look.Observed.Unit.Value is { Activity: UnitActivity.Running } ? null : look.Observed.Failure,
        RefusedToken = look.RefusedToken,
        ReplacedCertificate = look.ReplacedCertificate,
        CrashLoop = look.CrashLoop,
        Failures = failures,
        IsUnconfirmed = isUnconfirmed,
    };

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, ReconcileReportJson.Default.ReconcileReport);

    /// <returns>Null when it is not what <see cref="Write"/> wrote.</returns>
    public static ReconcileReport? Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ReconcileReportJson.Default.ReconcileReport);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ReconcileReport))]
internal sealed partial class ReconcileReportJson : JsonSerializerContext;
