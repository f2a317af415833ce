using System.Globalization;
using System.Text.Json.Nodes;
using SmmAgent.Bed;

namespace SmmAgent.VmTests;

/// <summary>The daemon as its unit runs it: an ordinary user, shut into what it needs.</summary>
public sealed class SandboxTests(VmFixture fixture) : IClassFixture<VmFixture>
{
    [Fact]
    public async Task ItDoesItsWorkInsideTheSandbox()
    {
        await using var vm = await fixture.BootAsync();
        vm.Run("systemctl", "start", "smm-agent.service");

        await vm.UntilAsync(
            () => vm.Condition("PortsOpen") == "True" && vm.Condition("GatewaysReachable") == "True" && vm.Condition("ConfigCurrent") == "True", "it is attached");

        Assert.Equal("smm-agent", vm.Run("stat", "-c", "%U", $"/proc/{vm.Property("smm-agent.service", "MainPID")}").Trim());
        Assert.Contains("-j SMM-AGENT", vm.Run("ip6tables-save"), StringComparison.Ordinal);
        vm.Run("iptables", "-F", "SMM-AGENT");
        await vm.UntilAsync(() => vm.Run("iptables-save").Contains("--dport 8080", StringComparison.Ordinal), "the kernel's event led to a repair");
        vm.Run("systemctl", "reload", "smm-agent.service");
        await vm.UntilAsync(() => vm.IsActive("smm-agent.service"), "it is ready after a reload");
        // The addresses and listeners are seen although /proc/net is hidden.
        await vm.UntilAsync(() => Reports().Any(report => report.Contains(MeshBed.VmAddressIPv6, StringComparison.Ordinal)), "the dashboard knows the VM's own addresses");
        Assert.Equal("700 smm-agent", vm.Run("stat", "-c", "%a %U", "/var/lib/smm-agent").Trim());
        Assert.Equal("644 smm-agent", vm.Run("stat", "-c", "%a %U", "/run/smm-agent/status.json").Trim());
    }

    private IEnumerable<string> Reports() =>
        Directory.EnumerateFiles(Path.Combine(fixture.Bed.Folder, "dashboard"), "*.json", SearchOption.AllDirectories).Select(File.ReadAllText);

    [Fact]
    public async Task TheJournalHasWhatItSaysWithFieldsToFilterBy()
    {
        await using var vm = await fixture.BootAsync();
        vm.Run("systemctl", "start", "smm-agent.service");
        await vm.UntilAsync(() => Entries().Any(entry => (string?)entry["SMM_CONDITION"] == "PortsOpen"), "PortsOpen is in the journal");

        var entries = Entries();

        var condition = entries.First(entry => (string?)entry["SMM_CONDITION"] == "PortsOpen");
        Assert.Equal("smm-agent", (string?)condition["SYSLOG_IDENTIFIER"]);
        Assert.StartsWith("PortsOpen is ", (string?)condition["MESSAGE"], StringComparison.Ordinal);
        Assert.Equal("journal", (string?)condition["_TRANSPORT"]);
        Assert.Contains((string?)condition["PRIORITY"], (string[])["4", "6"]);
        Assert.Contains("PortsOpen", vm.Run("journalctl", "--no-pager", "-u", "smm-agent", "SMM_CONDITION=PortsOpen"), StringComparison.Ordinal);
        Assert.DoesNotContain(entries, entry => ((string?)entry["MESSAGE"])!.Contains("<6>", StringComparison.Ordinal));

        JsonNode[] Entries() =>
        [
            .. vm.Run("journalctl", "--no-pager", "-u", "smm-agent", "-o", "json").Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonNode.Parse(line)!)
                .Where(entry => (string?)entry["_COMM"] == "smm-agent"),
        ];
    }

    [Fact]
    public async Task ItsExposureIsThatOfTheBestOfTheField()
    {
        await using var vm = await fixture.BootAsync();

        var summary = vm.Run("systemd-analyze", "security", "--no-pager", "smm-agent.service").TrimEnd().Split('\n')[^1];

        var exposure = double.Parse(summary.Split("smm-agent.service: ")[1].Split(' ')[0], CultureInfo.InvariantCulture);
        Assert.True(exposure <= 1.6, summary);
        var faults = vm.Run(
            "systemd-analyze", "verify", "--man=no", "smm-agent.service", "smm-agent-reconcile.path", "smm-agent-reconcile.service", "smm-agent-reconcile-request.service",
            "smm-agent-sidecar-logs.timer", "smm-agent-sidecar-logs.service");
        Assert.Equal("", faults);
    }
}
