using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Firewall;

namespace SmmAgent.Linux.Tests.Firewall;

public sealed class ManyPortsTests
{
    private const int Ports = 1000;

    // Logs each command. The second argument of the shell is a file: ip6tables-save waits until it exists.
    private const string Wrapper = """
        echo "$3" >> "$1"; case $3 in ip6tables*-save) until [ -e "$2" ]; do sleep 0.02; done;; esac; shift 2; exec "$@"
        """;

    private static readonly DesiredFirewall Desired = new(
        [.. Enumerable.Range(20_000, Ports).Select(port => new OpenPort(port, $"port-{port}", Captured: true))], [], Complete: true);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AFlushOfOneFamilyIsRepairedInOneTransactionWhileTheOtherFamilyIsObserved()
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        var (log, gate) = (Path.Combine(vm.Folder, "commands"), Path.Combine(vm.Folder, "gate"));
        await vm.Pass(Backend.Nft).ApplyAsync(Desired, Cancel);
        var applied = await vm.SaveAsync(Backend.Nft);
        await vm.ShellAsync("iptables-nft -F");

        var pass = new FirewallReconciler(
            new(vm.RunnerWith("sh", "-c", Wrapper, "sh", log, gate), Backend.Nft, vm.ProcNet), new StubFirewalld(), vm.Lock, isRoot: true);
        var repair = pass.ApplyAsync(Desired, Cancel);
        await Until.TrueAsync(async () => await vm.SaveAsync(Backend.Nft) == applied, "the rules of IPv4 are back",
            CommandRunner.DefaultTimeout / 2);
        var isComplete = repair.IsCompleted;
        await File.WriteAllTextAsync(gate, "", Cancel);
        var report = await repair;

        Assert.False(isComplete);
        Assert.Equal("iptables-nft: write chain SMM-AGENT (missing: "
            + string.Join(", ", Enumerable.Range(20_000, 10).SelectMany(port => (string[])[$"port-{port}", $"port-{port} captured"]))
            + " and 1980 more; the jump in INPUT is missing)", $"{Assert.Single(report.Done)}");
        Assert.True(report.Remaining.IsEmpty);
        Assert.All(PortsDiagnosis.Evaluate(Desired, report, manages: true).Ports, port => Assert.True(port.Open));
        var commands = await File.ReadAllLinesAsync(log, Cancel);
        Assert.Equal(["iptables-nft-restore"], commands.Where(command => command.EndsWith("-restore", StringComparison.Ordinal)));
        // Two observations of each family, and one of the other backend and of nftables.
        Assert.InRange(commands.Length, 5, 10);
    }
}
