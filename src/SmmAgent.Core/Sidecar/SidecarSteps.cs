using SmmAgent.Contract;
using SmmAgent.Core.Planning;

namespace SmmAgent.Core.Sidecar;

/// <summary>Downloads a package, holds it against its sha256 and installs it.</summary>
/// <param name="Why">What <see cref="Packages.PackageChoice.Why"/> says.</param>
public sealed record InstallPackage(Package Package, string Why) : PlanStep(StepOwner.Root)
{
    public override string ToString() => Why;
}

/// <summary>Writes a file of the sidecar, whole, with its owner and mode from birth.</summary>
public sealed record WriteSidecarFile(SidecarFile File, string Why) : PlanStep(StepOwner.Root)
{
    public override string ToString() => $"write {File.Path} ({Why})";
}

/// <summary>Gives a file of the sidecar its owner and mode back; its content is right.</summary>
public sealed record ProtectSidecarFile(SidecarFile File, string Why) : PlanStep(StepOwner.Root)
{
    public override string ToString() => $"protect {File.Path} ({Why})";
}

public sealed record RemoveSidecarFile(string Path) : PlanStep(StepOwner.Root)
{
    public override string ToString() => $"remove {Path}";
}

/// <summary>Makes these the agent's lines in /etc/hosts; none takes its block out.</summary>
public sealed record SetHosts(IReadOnlyList<string> Lines) : PlanStep(StepOwner.Root)
{
    public override string ToString() => Lines.Count == 0
        ? $"take the agent's block out of {SidecarFiles.HostsFile}"
        : $"write {SidecarFiles.HostsFile}: {string.Join(", ", Lines)}";
}

/// <summary>Fetches a new istio-token from the dashboard and puts it in the place of the old one.</summary>
public sealed record RenewToken(string Why) : PlanStep(StepOwner.Root)
{
    public override string ToString() => $"fetch a new istio-token ({Why})";
}

/// <summary>Lets systemd start the sidecar at boot, or no longer.</summary>
public sealed record EnableSidecar(bool AtBoot) : PlanStep(StepOwner.Root)
{
    public override string ToString() => AtBoot ? "enable istio.service at boot" : "disable istio.service at boot";
}

/// <summary>Starts the sidecar. It is for a plan whose steps before it were done.</summary>
public sealed record StartSidecar : PlanStep
{
    public StartSidecar()
        : base(StepOwner.Root)
    {
    }

    public override string ToString() => "start istio.service";
}

/// <summary>Restarts the sidecar. It is for a plan whose steps before it were done.</summary>
public sealed record RestartSidecar(IReadOnlyList<string> Reasons) : PlanStep(StepOwner.Root)
{
    public override string ToString() => $"restart istio.service ({string.Join("; ", Reasons)})";
}

public sealed record StopSidecar(string Why) : PlanStep(StepOwner.Root)
{
    public override string ToString() => $"stop istio.service ({Why})";
}

/// <summary>Takes the rules out that redirect the host's traffic to a sidecar that does not run.</summary>
public sealed record RemoveCapture(string Why) : PlanStep(StepOwner.Root)
{
    public override string ToString() => $"remove the sidecar's capture of traffic ({Why})";
}
