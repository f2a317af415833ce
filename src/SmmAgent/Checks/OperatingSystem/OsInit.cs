using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;

namespace SmmAgent.Checks.OperatingSystem;

/// <summary>Checks that systemd is the init process, because it starts the agent and the sidecar.</summary>
internal sealed class OsInit() : Check("os-init", CheckGroup.OperatingSystem, "systemd")
{
    public override Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel) => One(
        context.System.BootedWithSystemd
            ? CheckLine.Pass("is the init of this system")
            : CheckLine.Fail(
                "is not the init of this system (there is no /run/systemd/system): nothing would start the agent and the sidecar",
                "attach a virtual machine that boots with systemd"));
}
