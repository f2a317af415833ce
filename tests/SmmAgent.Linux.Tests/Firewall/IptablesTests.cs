using System.Diagnostics;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Firewall;

namespace SmmAgent.Linux.Tests.Firewall;

public sealed class IptablesTests
{
    private static readonly FilterTool Legacy = new(IpFamily.IPv4, Backend.Legacy);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task MissingCommandIsReported()
    {
        var observed = await new Iptables(new CommandRunner(), new(IpFamily.IPv4, "-that-does-not-exist")).ObserveAsync(Cancel);

        Assert.Equal(FilterPresence.CommandMissing, observed.State.Value!.Presence);
    }

    [Fact]
    public async Task HeldXtablesLockIsRetriedLater()
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        using var holder = Process.Start(new ProcessStartInfo("flock", ["-o", vm.XtablesLock, "sh", "-c", "echo held; read line"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;
        Assert.Equal("held", await holder.StandardOutput.ReadLineAsync(Cancel));

        var held = await Rewrite(new(vm.Runner, Legacy), Legacy);
        holder.Kill();
        await holder.WaitForExitAsync(Cancel);
        var free = await Rewrite(new(vm.Runner, Legacy), Legacy);

        Assert.Equal(StepOutcome.LockHeld, held.Outcome);
        Assert.Contains("xtables.lock", held.Reason, StringComparison.Ordinal);
        Assert.Equal(StepOutcome.Done, free.Outcome);
    }

    [Fact]
    public async Task OldRestoreIsCalledWithoutWait()
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        Script(vm, "iptables", "echo iptables v1.6.1");
        Script(vm, "iptables-restore", "[ \"$1\" != -w ] || exit 2; exec iptables-nft-restore \"$@\"");
        var old = new FilterTool(IpFamily.IPv4);

        var result = await Rewrite(new(vm.RunnerWith("env", $"PATH={vm.Folder}:/usr/sbin:/usr/bin:/sbin:/bin"), old), old);

        Assert.Equal((StepOutcome.Done, null), (result.Outcome, result.Reason));
        Assert.Contains(AgentChain.Name, await vm.SaveAsync(Backend.Nft), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RefusedScriptFailsWithTheMessageOfIptablesAndChangesNothing()
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        var before = await vm.SaveAsync(Backend.Nft);
        var tool = new FilterTool(IpFamily.IPv4, Backend.Nft);

        var result = await new Iptables(vm.Runner, tool).ApplyAsync(
            new RewriteChain(tool, [FilterRule.Parse("-p tcp --dport 1 -j ACCEPT"), FilterRule.Parse("-j NOWHERE")], [], []), Cancel);

        Assert.Equal(StepOutcome.Failed, result.Outcome);
        Assert.StartsWith("iptables-nft-restore -w 5 --noflush ended with exit code ", result.Reason, StringComparison.Ordinal);
        Assert.Equal(before, await vm.SaveAsync(Backend.Nft));
    }

    [Fact]
    public async Task OtherTextIsUnknown()
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        Script(vm, "iptables-save", "echo '*filter'; echo ':INPUT ACCEPT [0:0]'");

        var observed = await new Iptables(vm.RunnerWith("env", $"PATH={vm.Folder}:/bin"), new(IpFamily.IPv4)).ObserveAsync(Cancel);

        Assert.Null(observed.State.Value);
        Assert.Equal("iptables-save printed unexpected output", observed.State.UnknownReason);
    }

    [Fact]
    public async Task DetectedBackendEqualsThatOfIptables()
    {
        var shown = await new CommandRunner().RunAsync(["iptables", "--version"], Cancel);
        Assert.SkipUnless(shown.Succeeded, "needs the Debian package iptables");

        Assert.Equal(shown.Output.Contains("nf_tables", StringComparison.Ordinal) ? Backend.Nft : Backend.Legacy,
            Backend.Detect(new(IpFamily.IPv4)));
    }

    private static Task<StepResult> Rewrite(Iptables iptables, FilterTool tool) =>
        iptables.ApplyAsync(new RewriteChain(tool, [AgentChain.Accept(new(null, 80, null), "smm-agent: http")], [], []), Cancel);

    private static void Script(FirewallNamespace vm, string name, string lines)
    {
        var path = Path.Combine(vm.Folder, name);
        File.WriteAllText(path, $"#!/bin/sh\n{lines}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}
