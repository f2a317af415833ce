using SmmAgent.Contract;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Planning;

namespace SmmAgent.Core.Sidecar.Status;

/// <summary>The inputs that determine the desired sidecar.</summary>
/// <param name="Host">Null while the address under which the cluster reaches the VM is not known.</param>
/// <param name="Hostname">The VM's own name.</param>
/// <param name="Packages">Null where the host has neither dpkg nor rpm.</param>
public sealed record SidecarInputs(AgentSettings Settings, MeshConfig Config, SidecarHost? Host, string Hostname, PackageHost? Packages)
{
    /// <summary>Assesses an observed sidecar.</summary>
    /// <param name="report">The last report of the privileged reconcile; null before the first.</param>
    /// <param name="random">A number from 0 (inclusive) to 1 (exclusive).</param>
    public SidecarAssessment Assess(ObservedSidecar observed, ReconcileReport? report, DateTimeOffset now, TimeZoneInfo zone, double random)
    {
        var loop = (report?.CrashLoop ?? new()).Observe(observed.Unit.Value, now, random);
        var refused = (report?.RefusedToken ?? new()).Observe(observed.Failure, now);
        var identity = Identity(Config);
        var replaced = (report?.ReplacedCertificate ?? new()).Observe(identity, observed.Certificate, now);
        var (configuration, fault) = Render();
        // Where everything is left to the operator, the agent does not hold the sidecar back either.
        var hold = Settings.Sidecar.Mode == ManagementMode.Manage ? loop.Hold : null;
        var desired = new DesiredSidecar(configuration, Choose(observed.Package.Value?.Version),
            RestartRules.MayRestart(Settings.Sidecar, now, zone), hold)
        {
            AtBoot = report?.IsUnconfirmed != true,
            Identity = identity,
            MayReplaceCertificate = !(now < replaced.NotBefore),
            ReplacesToken = refused.IsDue(observed.Failure, observed.File(SidecarFiles.Token)?.Modified, now),
        };
        return new(Settings.Sidecar, desired, fault, observed, report?.Failures ?? [])
        {
            CrashLoop = loop,
            RefusedToken = refused,
            ReplacedCertificate = replaced,
            ClearsFailureRecord = report is not null && loop != report.CrashLoop && loop == new CrashLoop(loop.Restarts),
        };
    }

    /// <summary>The identity that a sidecar has in a mesh configuration's WorkloadGroup.</summary>
    public static SpiffeId Identity(MeshConfig config) => new(
        config.Mesh.TrustDomain is { Length: > 0 } domain ? domain : SpiffeId.DefaultTrustDomain,
        config.WorkloadGroup.Namespace,
        config.WorkloadGroup.ServiceAccount);

    private PackageChoice Choose(string? installed) => Packages is { } host
        ? PackageChoice.ForSidecar(Config, host, installed)
        : new(PackageOutcome.NotOffered, PackageHost.NoSidecarFormat);

    private (SidecarConfiguration? Configuration, ConfigurationFault? Fault) Render()
    {
        if (Host is null)
            return (null, new(ConfigurationFault.AddressUnknown,
                "the address under which the cluster reaches this VM is not known: see AddressKnown"));

        var rendered = SidecarFiles.Render(Config, Host,
            SidecarOptions.ForAgent(Config, Hostname, Settings.Uuid, Settings.ManagementPorts));
        if (rendered.Value is { } configuration)
            return (configuration, null);

        var more = rendered.Errors.Count > 1 ? $" (+{rendered.Errors.Count - 1} more)" : "";
        return (null, new(ConfigurationFault.ConfigurationInvalid, $"{rendered.Errors[0]}{more}"));
    }
}
