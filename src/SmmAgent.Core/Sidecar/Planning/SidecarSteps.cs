using SmmAgent.Contract;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Configuration;

namespace SmmAgent.Core.Sidecar.Planning;

/// <summary>Downloads a package, verifies its SHA-256 and installs it.</summary>
/// <param name="Reason">The reason of <see cref="Packages.PackageChoice.Reason"/>.</param>
public sealed record InstallPackage(Package Package, string Reason) : PlanStep(StepOwner.Root)
{
    public override string ToString() => Reason;
}

/// <summary>Writes a whole file of the sidecar. The new file has its owner and mode from the start.</summary>
public sealed record WriteSidecarFile(SidecarFile File, string Reason) : PlanStep(StepOwner.Root)
{
    /// <summary>
    /// When the content last changed, where it is the same: a newer time is a reason to restart the sidecar. Null where it changes now.
    /// </summary>
    public DateTimeOffset? Modified { get; init; }

    public override string ToString() => $"write {File.Path} ({Reason})";
}

/// <summary>Restores the owner and mode of a file or folder of the sidecar; its content is right.</summary>
public sealed record ProtectSidecarFile(string Path, string User, UnixFileMode Mode, string Reason) : PlanStep(StepOwner.Root)
{
    public override string ToString() => $"protect {Path} ({Reason})";
}

/// <summary>Renames a file in its folder, and replaces a file with the new name.</summary>
public sealed record MoveSidecarFile(string Path, string To, string Reason) : PlanStep(StepOwner.Root)
{
    public override string ToString() => $"move {Path} to {To} ({Reason})";
}

/// <summary>Removes a file of the sidecar.</summary>
public sealed record RemoveSidecarFile(string Path) : PlanStep(StepOwner.Root)
{
    /// <summary>The reason; null where it is obvious.</summary>
    public string? Reason { get; init; }

    public override string ToString() => Reason is null ? $"remove {Path}" : $"remove {Path} ({Reason})";
}

/// <summary>Writes the agent's lines in /etc/hosts; an empty list removes its block.</summary>
public sealed record SetHosts(IReadOnlyList<string> Lines) : PlanStep(StepOwner.Root)
{
    public override string ToString() => Lines.Count == 0
        ? $"remove the agent's block from {SidecarFiles.HostsFile}"
        : $"write {SidecarFiles.HostsFile}: {string.Join(", ", Lines)}";
}

/// <summary>Fetches a new istio-token from the dashboard, which replaces the old one.</summary>
public sealed record RenewToken(string Reason) : PlanStep(StepOwner.Root)
{
    /// <summary>Whether the control plane refuses the old one.</summary>
    public bool IsRefused { get; init; }

    /// <summary>Whether the sidecar must not be started, nor restarted, without the new one.</summary>
    public bool IsNeeded { get; init; }

    public override string ToString() => $"fetch a new istio-token ({Reason})";
}

/// <summary>Lets systemd start the sidecar at boot, or no longer.</summary>
public sealed record EnableSidecar(bool AtBoot) : PlanStep(StepOwner.Root)
{
    public override string ToString() => AtBoot ? "enable istio.service at boot" : "disable istio.service at boot";
}

/// <summary>Has systemd read its units again, so that the agent's drop-in of istio.service, or its absence, has effect.</summary>
public sealed record ReloadUnits() : PlanStep(StepOwner.Root)
{
    public override string ToString() => "reload the drop-ins of istio.service";
}

/// <summary>Starts the sidecar, if the earlier steps of the plan succeeded.</summary>
public sealed record StartSidecar : PlanStep
{
    public StartSidecar()
        : base(StepOwner.Root)
    {
    }

    public override string ToString() => "start istio.service";
}

/// <summary>Restarts the sidecar, if the earlier steps of the plan succeeded.</summary>
public sealed record RestartSidecar(IReadOnlyList<string> Reasons) : PlanStep(StepOwner.Root)
{
    /// <summary>Whether the reason is a removed certificate of another identity.</summary>
    public bool ReplacesCertificate { get; init; }

    public override string ToString() => $"restart istio.service ({string.Join("; ", Reasons)})";
}

public sealed record StopSidecar(string Reason) : PlanStep(StepOwner.Root)
{
    public override string ToString() => $"stop istio.service ({Reason})";
}

/// <summary>Takes the rules out that redirect the host's traffic to a sidecar that does not run.</summary>
public sealed record RemoveCapture(string Reason) : PlanStep(StepOwner.Root)
{
    public override string ToString() => $"remove the sidecar's capture of traffic ({Reason})";
}

/// <summary>Removes the rules of the sidecar's capture that an earlier start has left in another backend.</summary>
/// <param name="Backends">Of <see cref="CaptureBackends"/>.</param>
/// <param name="Chosen">The backend that the sidecar captures in.</param>
public sealed record RemoveOtherCapture(IReadOnlyList<string> Backends, string Chosen) : PlanStep(StepOwner.Root)
{
    public override string ToString() =>
        $"remove the sidecar's older capture of traffic from {string.Join(" and ", Backends)} (it captures in {Chosen})";
}

/// <summary>Removes the sidecar's package, which the agent installed.</summary>
public sealed record RemovePackage(string Name) : PlanStep(StepOwner.Root)
{
    public override string ToString() => $"remove the package {Name}, which the agent installed";
}

/// <summary>Installs the previous version again.</summary>
public sealed record RestorePackage(string Name, string Version) : PlanStep(StepOwner.Root)
{
    public override string ToString() => $"restore {PackageNames.NameAndVersion(Name, Version)}";
}

/// <summary>Removes a user, with its group, that came with the sidecar's package.</summary>
public sealed record RemoveAccount(string Name) : PlanStep(StepOwner.Root)
{
    public override string ToString() => $"remove the user {Name}, which came with the sidecar";
}

/// <summary>Removes what the sidecar or its package left in a folder that was not there before.</summary>
public sealed record RemoveSidecarFolder(string Path) : PlanStep(StepOwner.Root)
{
    public override string ToString() => $"remove {Path}, which came with the sidecar";
}

/// <summary>Removes the tables of nftables that iptables made for the capture, if nothing is in them.</summary>
/// <param name="Tables">Such as <c>ip nat</c>.</param>
public sealed record RemoveTables(IReadOnlyList<string> Tables) : PlanStep(StepOwner.Root)
{
    public override string ToString() => $"remove the empty tables of the sidecar's capture ({string.Join(", ", Tables)})";
}
