using System.Text.Json.Nodes;

namespace SmmAgent.VmTests;

/// <summary>
/// A command that the agent advises fixes the reported fault. Each test causes a fault, takes the command out of the agent's
/// own message, and runs exactly that, as a user who may become root by sudo.
/// </summary>
public sealed class RemediationTests(VmFixture fixture) : IClassFixture<VmFixture>
{
    private const string Settings = "/etc/smm/agent.yaml";
    private const string Token = "/etc/smm/bearer-token";

    // A requested observation, the one that confirms it, and the timeouts of dropped packets.
    private static readonly TimeSpan ObservationPatience = TimeSpan.FromSeconds(40);

    [Fact]
    public async Task RemediationsOfConditionsWork()
    {
        await using var vm = await fixture.BootAttachedAsync();
        await vm.UntilConditionAsync("ReachableFromCluster", "True");

        await FixesAsync(
            vm, "GatewaysReachable", "False RepliesDropped", "iptables -w -D INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT");
        await FixesAsync(
            vm, "GatewaysReachable", "False OutputDropped",
            "iptables -w -A OUTPUT -o lo -j ACCEPT; iptables -w -A OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT; iptables -w -P "
            + "OUTPUT DROP");
        await vm.UntilConditionAsync("DashboardReachable", "True");
        vm.Run("iptables", "-w", "-P", "OUTPUT", "ACCEPT");

        await FixesAsync(vm, "TokenCurrent", "False NoToken",
            $"printf 'Bearer %s\\n' $(cat {Token}) >{Token}.new && cat {Token}.new >{Token} && rm {Token}.new");
        vm.Run("sh", "-c", "rm /var/lib/smm-agent/identity.json && systemctl restart smm-agent");
        await FixesAsync(vm, "ReachableFromCluster", "Unknown AgentKeyMismatch");

        // In this mode the agent does not open the ports.
        await FixesAsync(
            vm, "PortsOpen", "False NotOpen",
            $"systemctl stop smm-agent; sed -i '$ a firewall: {{mode: check}}' {Settings}; iptables -w -F SMM-AGENT; systemctl "
            + $"start smm-agent");
    }

    [Fact]
    public async Task RemediationsOfCommandsWork()
    {
        await using var vm = await fixture.BootAttachedAsync();

        // As a user who is not root.
        Assert.Equal(0, vm.TryLine(AdvisedCommands.FindOne(vm.TryLine("smm-agent config show").Output)).ExitCode);
        var asked = vm.TryLine("smm-agent check --output json").Output;
        Assert.Equal("sudo smm-agent check",
            Assert.Single(AdvisedIn(asked, "skipped").Where(command => command.StartsWith("sudo", StringComparison.Ordinal)).Distinct()));
        Assert.DoesNotContain("sudo smm-agent check", AdvisedIn(vm.TryLine("sudo smm-agent check --output json").Output, "skipped"));
        RunAdvised(vm, vm.TryLine("smm-agent reconcile").Output);
        RunAdvised(vm, vm.TryLine("smm-agent detach").Output);
        // Only root may read agent.yaml, which shows what comes next.
        Assert.Equal("sudo smm-agent status", AdvisedCommands.FindOne(vm.TryLine("smm-agent status").Output));
        RunAdvised(vm, vm.TryLine("sudo smm-agent status").Output);
        vm.Run("smm-agent", "status");
        RunAdvised(vm, vm.Run("smm-agent", "reconcile", "--confirm-within", "10m"));
        Assert.False(vm.IsActive("smm-agent-rollback.timer"));

        RunAdvised(vm, AdvisedCommands.FindAll(vm.Try("smm-agent", "set", "bearer-token", "/mnt/token").Output)[^1]);
        RunAdvised(vm, vm.Try("smm-agent", "set", "dashboard-url", fixture.Testbed.DashboardUrl).Output);
        vm.Run("sed", "-i", "/workloadGroup:/,/name:/d", Settings);
        RunAdvised(vm, vm.Try("smm-agent", "reconcile").Output, ("NAMESPACE/NAME", "vm-integration/analytics-v0"));
        vm.Run("smm-agent", "reconcile");

        vm.Run("systemctl", "stop", "smm-agent");
        foreach (var runtime in (string[][])[[], ["--runtime"]])
        {
            vm.Run(["systemctl", "mask", .. runtime, "smm-agent"]);
            RunAdvised(vm, vm.Try("smm-agent", "reconcile").Output);
            vm.Run("smm-agent", "reconcile");
            vm.Run("systemctl", "stop", "smm-agent");
        }

        // Another program has the agent's port: the command shows which.
        await vm.TakePortAsync(16400);
        vm.Run("systemctl", "start", "smm-agent");
        await vm.UntilAsync(() => Taken().Length > 0, "the journal says so");
        Assert.Contains("\"perl\"", vm.RunLine(AdvisedCommands.FindOne(Taken())), StringComparison.Ordinal);
        vm.Run("systemctl", "stop", BootedVm.PortTaker);
        await vm.UntilAsync(() => vm.Try("curl", "-fsS", "http://127.0.0.1:16400/readyz").ExitCode == 0, "the agent serves it",
            ObservationPatience);

        vm.Run("chmod", "0644", Token);
        var commands = AdvisedIn(vm.Try("smm-agent", "check", "--output", "json").Output, "warn", "fail")
            .Where(command => command.StartsWith("sudo", StringComparison.Ordinal)).ToList();
        Assert.Contains($"sudo chmod 0640 {Token}", commands);
        foreach (var command in commands)
            vm.RunLine(command.Replace("install", "install --no-install-recommends", StringComparison.Ordinal));
        Assert.DoesNotContain(AdvisedIn(vm.Try("smm-agent", "check", "--output", "json").Output, "warn", "fail"), commands.Contains);

        string Taken() => vm.Run("journalctl", "--no-pager", "-o", "cat", "-u", "smm-agent", "--grep", "16400 is taken").Split('\n')[0];
    }

    /// <summary>Waits for the fault in a condition, runs the command in its message, and waits until the condition is good again.</summary>
    private static async Task FixesAsync(
        BootedVm vm, string type, string expected, string? fault = null, params (string Placeholder, string Value)[] values)
    {
        if (fault is not null)
        {
            vm.Run("sh", "-ec", fault);
            vm.Run("systemctl", "reload", "smm-agent");
        }

        var message = await vm.UntilConditionAsync(type, expected, ObservationPatience);
        RunAdvised(vm, message, values);
        if (vm.IsActive("smm-agent"))
            vm.Try("systemctl", "reload", "smm-agent");
        await vm.UntilConditionAsync(type, "True", ObservationPatience);
    }

    private static void RunAdvised(BootedVm vm, string message, params (string Placeholder, string Value)[] values)
    {
        var command = values.Aggregate(
            AdvisedCommands.FindOne(message), (text, value) => text.Replace(value.Placeholder, value.Value, StringComparison.Ordinal));
        vm.RunLine(command);
    }

    /// <summary>The remediations of the results with these statuses.</summary>
    private static List<string> AdvisedIn(string report, params string[] statuses) =>
    [
        .. JsonNode.Parse(report)!["checks"]!.AsArray().SelectMany(check => check!["results"]!.AsArray())
            .Where(line => statuses.Contains((string?)line!["status"])).Select(line => (string?)line!["cure"] ?? "").Distinct(),
    ];
}
