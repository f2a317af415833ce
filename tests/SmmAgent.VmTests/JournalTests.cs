using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>The journal contains what an operator must know, and little else.</summary>
public sealed class JournalTests(VmFixture fixture) : IClassFixture<VmFixture>
{
    private const string Unit = "smm-agent.service";

    [Fact]
    public async Task JournalWarningsAreOnlyThoseThatAnOperatorMustKnow()
    {
        await using var vm = await fixture.BootAttachedAsync();
        await vm.UntilAsync(() => vm.Condition("ReachableFromCluster") == "True", "the dashboard dialled the VM");
        Assert.Equal([], Warnings());

        await fixture.Testbed.StopGatewayAsync(MeshTestbed.SecondGateway);
        vm.Run("systemctl", "reload", Unit);
        await vm.UntilStatusAsync($"Degraded: see smm-agent explain Refused; gateway {MeshTestbed.SecondGateway}:");
        await fixture.Testbed.StartGatewayAsync(MeshTestbed.SecondGateway);
        await vm.UntilStatusAsync(BootedVm.Attached);

        // The fault was shorter than the time after which it is reported.
        Assert.Equal([], Warnings());
        var gateway = Lines("-o", "cat", $"SMM_GATEWAY={MeshTestbed.SecondGateway}");
        Assert.StartsWith($"{MeshTestbed.SecondGateway} fails: ", gateway[0], StringComparison.Ordinal);
        Assert.Equal($"{MeshTestbed.SecondGateway} answers on every port", gateway[^1]);
        Assert.Empty(Lines("-o", "cat", $"SMM_GATEWAY={MeshTestbed.FirstGateway}"));

        await fixture.Testbed.StopDashboardAsync();
        await vm.UntilAsync(
            () => vm.Condition("DashboardReachable") == "False" && vm.Condition("ConfigCurrent") == "False",
            "it knows that the dashboard is away", TimeSpan.FromMinutes(2));
        string[] gone = ["ConfigCurrent is False, DashboardUnreachable", "DashboardReachable is False, Refused"];
        await vm.UntilAsync(
            () => gone.SequenceEqual(Heads("warning").Order()), "the outage has lasted and is a warning", TimeSpan.FromMinutes(1));
        await fixture.Testbed.StartDashboardAsync();
        await vm.UntilStatusAsync(BootedVm.Attached, TimeSpan.FromMinutes(2));

        // The journal has the start and the end of the fault.
        Assert.Equal("Everything is well since this start", Heads("notice")[0]);
        await vm.UntilAsync(
            () => Heads("notice")[3..].Order().SequenceEqual(["ConfigCurrent is True, Current", "DashboardReachable is True, Reachable"]),
            "the end of the outage is a notice");
        // The daemon and the privileged reconcile write neither colours nor stack traces.
        var all = vm.Run("journalctl", "--no-pager", "--all", "-o", "cat", "-u", "smm-agent*");
        Assert.DoesNotContain("\e", all, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", all, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", all, StringComparison.Ordinal);

        string[] Heads(string level) => [.. Lines("-o", "cat", "-p", level).Select(line => line.Split(':')[0])];

        string[] Warnings() => Lines("-o", "cat", "-p", "warning");

        string[] Lines(params string[] arguments) =>
            vm.Run(["journalctl", "--no-pager", "--quiet", "-u", Unit, .. arguments]).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    [Fact]
    public async Task JournalHasNoLinesWhileNothingChanges()
    {
        await using var vm = await fixture.BootAttachedAsync();
        await vm.UntilAsync(() => vm.Condition("ReachableFromCluster") == "True", "the dashboard dialled the VM");
        var begin = UpdatedAt();
        var lines = Count();

        var watch = Stopwatch.StartNew();

        // Until then every periodic task has run, and one long poll has ended.
        await vm.UntilAsync(
            () => watch.Elapsed > TimeSpan.FromSeconds(62) && UpdatedAt() > begin, "a minute is over and the daemon works",
            TimeSpan.FromMinutes(3));

        Assert.Equal(lines, Count());

        int Count() => vm.Run("journalctl", "--no-pager", "-o", "cat", "-u", "smm-agent*").Split('\n').Length;

        DateTimeOffset UpdatedAt() => DateTimeOffset.Parse(
            (string)JsonNode.Parse(vm.Run("cat", "/run/smm-agent/status.json"))!["updatedAt"]!, CultureInfo.InvariantCulture);
    }
}
