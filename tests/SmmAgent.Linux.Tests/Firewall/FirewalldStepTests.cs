using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;
using SmmAgent.Linux.Firewall;

namespace SmmAgent.Linux.Tests.Firewall;

public sealed class FirewalldStepTests
{
    private static readonly DesiredFirewall Desired = new([new(16400, "agent", Captured: false)], Sources: [], Complete: true);

    private readonly HashSet<int> _open = [];
    private string? _refusal;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RootOpensThePortsInFirewalldAndWithdrawsThem()
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        var pass = Pass(vm, isRoot: true);

        var report = await pass.ApplyAsync(Desired, Cancel);
        Assert.Contains(report.Done, step => step.ToString() == "firewalld: open 16400 in zone public");
        Assert.True(report.Remaining.IsEmpty);
        Assert.Equal([16400], _open);

        var removed = await pass.RemoveAsync(Cancel);
        Assert.Equal(["16400/tcp in zone public"], removed.Firewalld);
        Assert.Empty(_open);
    }

    [Fact]
    public async Task TheDaemonLeavesFirewalldToRootAndDoesItsOwnPart()
    {
        await using var vm = await FirewallNamespace.CreateAsync();

        var report = await Pass(vm, isRoot: false).ApplyAsync(Desired, Cancel);

        Assert.Equal(2, report.Done.Count());
        Assert.IsType<OpenInFirewalld>(Assert.Single(report.Remaining.Steps));
        Assert.Empty(_open);
    }

    [Fact]
    public async Task WhatFirewalldRefusesKeepsNoOtherStepFromBeingDone()
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        _refusal = "INVALID_ZONE: public";

        var report = await Pass(vm, isRoot: true).ApplyAsync(Desired, Cancel);

        Assert.Equal(2, report.Done.Count());
        Assert.Equal("INVALID_ZONE: public", Assert.Single(report.Results, result => result.Outcome == StepOutcome.Failed).Reason);
    }

    private FirewallReconciler Pass(FirewallNamespace vm, bool isRoot) => new(
        vm.Host(Backend.Nft),
        new(
            _ => Task.FromResult<FirewalldObservation>(
                new FirewalldObservation.Seen(new([new("public", ReceivesTraffic: true, _open.ToHashSet(), _open.ToHashSet())]))),
            (_, ports, _, _) =>
            {
                if (_refusal is not null)
                    throw new IOException(_refusal);
                _open.UnionWith(ports);
                return Task.CompletedTask;
            },
            _ =>
            {
                List<string> withdrawn = [.. _open.Select(port => $"{port}/tcp in zone public")];
                _open.Clear();
                return Task.FromResult<IReadOnlyList<string>>(withdrawn);
            }),
        vm.Lock,
        isRoot);
}
