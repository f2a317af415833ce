using System.Globalization;
using System.Text.Json.Nodes;
using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>The daemon as its unit runs it: an ordinary user, in a sandbox.</summary>
public sealed class SandboxTests(VmFixture fixture) : IClassFixture<VmFixture>
{
    [Fact]
    public async Task DaemonWorksInsideTheSandbox()
    {
        await using var vm = await fixture.BootAsync();
        vm.Run("systemctl", "start", "smm-agent.service");

        await vm.UntilAsync(
            () => vm.Condition("PortsOpen") == "True" && vm.Condition("GatewaysReachable") == "True"
                && vm.Condition("ConfigCurrent") == "True", "it is attached");

        Assert.Equal("smm-agent", vm.Run("stat", "-c", "%U", $"/proc/{vm.Property("smm-agent.service", "MainPID")}").Trim());
        Assert.Contains("-j SMM-AGENT", vm.Run("ip6tables-save"), StringComparison.Ordinal);
        vm.Run("iptables", "-F", "SMM-AGENT");
        await vm.UntilAsync(
            () => vm.Run("iptables-save").Contains("--dport 8080", StringComparison.Ordinal), "the kernel's event led to a repair");
        vm.Run("systemctl", "reload", "smm-agent.service");
        await vm.UntilAsync(() => vm.IsActive("smm-agent.service"), "it is ready after a reload");
        // The agent reads addresses and listeners although /proc/net is hidden.
        await vm.UntilAsync(() => Reports().Any(report => report.Contains(MeshTestbed.VmAddressIPv6, StringComparison.Ordinal)),
            "the dashboard knows the VM's own addresses");
        Assert.Equal("700 smm-agent", vm.Run("stat", "-c", "%a %U", "/var/lib/smm-agent").Trim());
        Assert.Equal("644 smm-agent", vm.Run("stat", "-c", "%a %U", "/run/smm-agent/status.json").Trim());
    }

    private IEnumerable<string> Reports() =>
        Directory.EnumerateFiles(Path.Combine(fixture.Testbed.Folder, "dashboard"), "*.json", SearchOption.AllDirectories)
            .Select(File.ReadAllText);

    [Fact]
    public async Task UnreadableFileIsNamedWithTheCommandsThatFixIt()
    {
        const string Uuid = "5b9c1f1e-8a2d-4a7e-9a53-0d3f4f6f7a11";
        const string Settings = "/etc/smm/agent.yaml";
        const string Token = "/etc/smm/bearer-token";
        await using var vm = await fixture.BootAsync();
        vm.Run("sed", "-i", $"$ a uuid: {Uuid}", Settings);
        vm.Run("systemctl", "start", "smm-agent.service");
        await vm.UntilAsync(
            () => vm.Run("cat", "/var/lib/smm-agent/identity.json").Contains(Uuid, StringComparison.Ordinal), "the uuid was reported");
        await vm.UntilConditionAsync("PortsOpen", "True");
        // Without a mesh configuration these are only the agent's own ports.
        await vm.UntilAsync(
            () => vm.Run("ip6tables-save").Contains("--dport 8080", StringComparison.Ordinal), "the ports of the WorkloadGroup are open");
        var rules = vm.Rules();

        // As an editor or a configuration management system leaves the file under umask 077.
        Shut(Settings);
        Assert.Contains(
            Refusal(Settings), await vm.UntilConditionAsync("ConfigCurrent", "False InvalidSettings"), StringComparison.Ordinal);
        vm.Run("systemctl", "restart", "smm-agent.service");
        Assert.Contains(
            Refusal(Settings), await vm.UntilConditionAsync("ConfigCurrent", "False InvalidSettings"), StringComparison.Ordinal);
        foreach (var type in (string[])["AddressKnown", "DashboardReachable", "PortsOpen"])
            Assert.DoesNotContain(
                "sudo", await vm.UntilConditionAsync(type, "Unknown NotConfigured: agent.yaml was not read"), StringComparison.Ordinal);
        Assert.Equal(Uuid, (string?)JsonNode.Parse(vm.Run("cat", "/run/smm-agent/status.json"))!["agent"]!["uuid"]);
        Assert.Equal(rules, vm.Rules());
        Assert.Contains(Refusal(Settings), vm.Property("smm-agent.service", "StatusText") + vm.ConditionText("ConfigCurrent"),
            StringComparison.Ordinal);
        Assert.Contains(Cannot(Settings), vm.Try("smm-agent", "check", "--verbose").Output, StringComparison.Ordinal);
        Assert.Contains(Refusal(Settings), vm.Try("smm-agent", "set", "node-ip", MeshTestbed.VmAddress).Output, StringComparison.Ordinal);
        vm.Run("sh", "-c", FixCommand(Settings).Replace("sudo ", "", StringComparison.Ordinal));
        await vm.UntilConditionAsync("ConfigCurrent", "True");

        Shut(Token);
        Assert.Contains(Refusal(Token), await vm.UntilConditionAsync("TokenCurrent", "False NoToken"), StringComparison.Ordinal);
        Assert.Contains(Cannot(Token), vm.Try("smm-agent", "check", "--verbose").Output, StringComparison.Ordinal);
        Assert.Contains(
            Refusal(Token), vm.Try("smm-agent", "set", "bearer-token", "--file", "/mnt/token").Output, StringComparison.Ordinal);
        vm.Run("sh", "-c", FixCommand(Token).Replace("sudo ", "", StringComparison.Ordinal));
        await vm.UntilConditionAsync("TokenCurrent", "True");

        const string Authority = "/etc/smm/corporate-ca.pem";
        File.WriteAllText(Path.Combine(fixture.Testbed.Folder, "authority.pem"), fixture.Testbed.Mesh.RootCertificate);
        vm.Run("install", "-m", "0600", fixture.Testbed.CopyToVm(Path.Combine(fixture.Testbed.Folder, "authority.pem")), Authority);
        Assert.Contains(Refusal(Authority), vm.Try(
            "smm-agent", "set", "dashboard-url", "https://dashboard.example.com", "--ca-file", Authority).Output, StringComparison.Ordinal);
        Assert.Contains(Cannot(Authority), vm.Try("smm-agent", "check", "--verbose").Output, StringComparison.Ordinal);
        Assert.Contains(Refusal(Authority), await vm.UntilConditionAsync("ConfigCurrent", "False"), StringComparison.Ordinal);

        void Shut(string file)
        {
            // In one step: between two, the agent would report the owner of the one and the mode of the other.
            vm.Run("install", "-o", "root", "-g", "root", "-m", "0600", file, $"{file}.new");
            vm.Run("mv", $"{file}.new", file);
        }

        static string Cannot(string file) => $"the user smm-agent cannot read {file}: it is root:root with mode 0600";

        static string FixCommand(string file) => $"sudo chgrp smm-agent {file} && sudo chmod g+r {file}";

        static string Refusal(string file) => $"{Cannot(file)}: {FixCommand(file)}";
    }

    [Fact]
    public async Task JournalHasFieldsToFilterBy()
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
        Assert.Contains(
            "PortsOpen", vm.Run("journalctl", "--no-pager", "-u", "smm-agent", "SMM_CONDITION=PortsOpen"), StringComparison.Ordinal);
        Assert.DoesNotContain(entries, entry => ((string?)entry["MESSAGE"])!.Contains("<6>", StringComparison.Ordinal));

        JsonNode[] Entries() =>
        [
            .. vm.Run("journalctl", "--no-pager", "-u", "smm-agent", "-o", "json").Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonNode.Parse(line)!)
                .Where(entry => (string?)entry["_COMM"] == "smm-agent"),
        ];
    }

    [Fact]
    public async Task SandboxExposureIsLow()
    {
        await using var vm = await fixture.BootAsync();

        (string Unit, double Most)[] units =
        [
            ("smm-agent.service", 1.6), ("smm-agent-reconcile-request.service", 1.6), ("smm-agent-reconcile.service", 3.2),
            ("smm-agent-sidecar-logs.service", 1.6),
        ];
        foreach (var (unit, most) in units)
        {
            var summary = vm.Run("systemd-analyze", "security", "--no-pager", "--offline=true", $"/usr/lib/systemd/system/{unit}").TrimEnd()
                .Split('\n')[^1];
            Assert.True(double.Parse(summary.Split($"{unit}: ")[1].Split(' ')[0], CultureInfo.InvariantCulture) <= most, summary);
            // The memory of a process that crashes may have a token in it.
            Assert.Equal("0", vm.Property(unit, "LimitCORE"));
        }

        var faults = vm.Run(
            "systemd-analyze", "verify", "--man=no", "smm-agent.service", "smm-agent-reconcile.path", "smm-agent-reconcile.service",
            "smm-agent-reconcile-request.service",
            "smm-agent-sidecar-logs.timer", "smm-agent-sidecar-logs.service");
        Assert.Equal("", faults);
    }
}
