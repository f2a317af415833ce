using SmmAgent.Core.Planning;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Planning;

namespace SmmAgent.Core.Sidecar.Status;

/// <summary>The observed and the desired sidecar at one moment.</summary>
/// <param name="Fault">Why no configuration can be made; null when there is one.</param>
/// <param name="Failures">The failed steps of the last privileged reconcile.</param>
public sealed record SidecarAssessment(
    SidecarSettings Settings, DesiredSidecar Desired, ConfigurationFault? Fault, ObservedSidecar Observed,
        IReadOnlyList<StepFailure> Failures)
{
    private Plan? _plan;

    public DesiredSidecar Desired
    {
        get;
        init => (field, _plan) = (value, null);
    } = Desired;

    public ObservedSidecar Observed
    {
        get;
        init => (field, _plan) = (value, null);
    } = Observed;

    public string? Version => Observed.Package.Value?.Version;

    /// <summary>Its record of failed starts, this observation included.</summary>
    public CrashLoop CrashLoop { get; init; } = new();

    /// <summary>Its record of refused tokens, this observation included.</summary>
    public RefusedToken RefusedToken { get; init; } = new();

    /// <summary>Its record of certificates of another identity, this observation included.</summary>
    public ReplacedCertificate ReplacedCertificate { get; init; } = new();

    /// <summary>
    /// Whether the record of failed starts is clean, and that of the report is not yet. Without the update, failures with days between them
    /// would count as three in a row.
    /// </summary>
    public bool ClearsFailureRecord { get; init; }

    /// <summary>The steps that make the sidecar what it should be. Whether this process may do them is decided elsewhere.</summary>
    public Plan Plan => _plan ??= SidecarPlanner.Plan(Desired, Observed);
}

/// <summary>Why no configuration of the sidecar can be made.</summary>
/// <param name="Reason">One stable CamelCase word.</param>
public sealed record ConfigurationFault(string Reason, string Message)
{
    public const string ConfigurationInvalid = nameof(ConfigurationInvalid);
    public const string AddressUnknown = nameof(AddressUnknown);
}
