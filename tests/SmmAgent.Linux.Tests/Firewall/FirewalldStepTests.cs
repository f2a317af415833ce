using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.Rules;
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
    public async Task RootOpensPortsInFirewalldAndExecutesThePlannedRemoval()
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        var pass = Pass(vm, isRoot: true);

        var report = await pass.ApplyAsync(Desired, Cancel);
        Assert.Contains(report.Done, step => step.ToString() == "firewalld: open 16400 in zone public");
        Assert.True(report.Remaining.IsEmpty);
        Assert.Equal([16400], _open);

        var (planned, _) = await pass.PlanRemovalAsync(Cancel);
        var removed = await pass.RemoveAsync(Cancel);
        Assert.Contains("firewalld: close 16400 in zone public", planned.Steps.Select(step => $"{step}"));
        Assert.Equal(planned.Steps.Select(step => $"{step}"), removed.Results.Select(result => $"{result.Step}"));
        Assert.All(removed.Results, result => Assert.Equal(StepOutcome.Done, result.Outcome));
        Assert.Empty(_open);
    }

    [Fact]
    public async Task DaemonLeavesFirewalldToThePrivilegedReconcile()
    {
        await using var vm = await FirewallNamespace.CreateAsync();

        var report = await Pass(vm, isRoot: false).ApplyAsync(Desired, Cancel);

        Assert.Equal(2, report.Done.Count());
        Assert.IsType<OpenInFirewalld>(Assert.Single(report.Remaining.Steps));
        Assert.Empty(_open);
    }

    [Fact]
    public async Task RefusalOfFirewalldFailsItsOwnStepOnly()
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        _refusal = "INVALID_ZONE: public";

        var report = await Pass(vm, isRoot: true).ApplyAsync(Desired, Cancel);

        Assert.Equal(2, report.Done.Count());
        Assert.Equal("INVALID_ZONE: public", Assert.Single(report.Results, result => result.Outcome == StepOutcome.Failed).Reason);
    }

    [Fact]
    public async Task RefusalOfFirewalldFailsItsStepOfTheRemovalOnly()
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        await Pass(vm, isRoot: true).ApplyAsync(Desired, Cancel);
        _refusal = "firewalld: no";

        var removed = await Pass(vm, isRoot: true).RemoveAsync(Cancel);

        Assert.Null(removed.NotAttemptedReason);
        Assert.Equal(2, removed.Results.Count(result => result.Outcome == StepOutcome.Done));
        Assert.Equal("firewalld: no", Assert.Single(removed.Results, result => result.Outcome == StepOutcome.Failed).Reason);
    }

    [Fact]
    public async Task ZoneThatFirewalldCannotShowDoesNotPreventTheRemovalFromTheOthersAndIsReported()
    {
        await using var vm = await FirewallNamespace.CreateAsync();
        List<string> closed = [];
        var firewalld = new StubFirewalld
        {
            Observe = () => new FirewalldObservation.NotSeen("firewalld: INVALID_SERVICE: gone"),
            ObserveOwnRules = () => new FirewalldObservation.Seen(new(
            [
                new("public", ReceivesTraffic: false, new HashSet<int>(), new HashSet<int>())
                {
                    OwnRules = new HashSet<PortOpening> { new(8080, Source: null) },
                },
            ])
            { IncompleteReason = "firewalld cannot show zone home: INVALID_ZONE: home" }),
            SetPorts = (zone, _) => closed.Add(zone),
        };

        var removed = await new FirewallReconciler(vm.Host(Backend.Nft), firewalld, vm.Lock, isRoot: true).RemoveAsync(Cancel);

        Assert.Equal(["public"], closed);
        Assert.Equal("firewalld cannot show zone home: INVALID_ZONE: home", removed.NotAttemptedReason);
    }

    private FirewallReconciler Pass(FirewallNamespace vm, bool isRoot) => new(
        vm.Host(Backend.Nft),
        new StubFirewalld
        {
            Observe = () => new FirewalldObservation.Seen(new(
            [
                new("public", ReceivesTraffic: true, _open.ToHashSet(), _open.ToHashSet())
                {
                    OwnRules = _open.Select(port => new PortOpening(port, Source: null)).ToHashSet(),
                },
            ])),
            SetPorts = (_, ports) =>
            {
                if (_refusal is not null)
                    throw new IOException(_refusal);
                _open.Clear();
                _open.UnionWith(ports);
            },
        },
        vm.Lock,
        isRoot);
}
