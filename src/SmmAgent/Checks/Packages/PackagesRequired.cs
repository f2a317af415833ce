using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Linux.Commands;

namespace SmmAgent.Checks.Packages;

/// <summary>Checks for the programs that the prerequisites name.</summary>
internal sealed class PackagesRequired() : Check("packages-required", CheckGroup.Packages, "Package")
{
    public override Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        var path = Environment.GetEnvironmentVariable("PATH");
        return Task.FromResult<IReadOnlyList<CheckLine>>(
        [
            // An attached VM works without curl; the others are always needed.
            Line("curl", CheckStatus.Warn, "the agent cannot be installed or upgraded with the dashboard's script"),
            Line("iptables", CheckStatus.Fail, "neither the agent nor the sidecar can open or capture ports"),
            Line("sudo", CheckStatus.Fail, "the sidecar's package needs it"),
            Line("hostname", CheckStatus.Fail, "the sidecar's package needs it"),
        ]);

        CheckLine Line(string package, CheckStatus without, string reason) => (ProgramSearch.Find(package, path) is { } program
            ? CheckLine.Pass(program)
            : new CheckLine(without, $"is not installed: {reason}", context.System.Install(package))) with
        { Subject = package };
    }
}
