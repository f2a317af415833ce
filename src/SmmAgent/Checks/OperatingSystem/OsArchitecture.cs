using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Linux.Host;

namespace SmmAgent.Checks.OperatingSystem;

/// <summary>Checks for a 64-bit system that packages exist for.</summary>
internal sealed class OsArchitecture() : Check("os-architecture", CheckGroup.OperatingSystem, "64-bit")
{
    public override Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel) => One(
        HostFacts.Architecture is "amd64" or "arm64"
            ? CheckLine.Pass(HostFacts.Architecture)
            : CheckLine.Fail(
                $"this system is {HostFacts.Architecture}; agent and sidecar are made for amd64 and arm64",
                "attach a virtual machine with a 64-bit operating system"));
}
