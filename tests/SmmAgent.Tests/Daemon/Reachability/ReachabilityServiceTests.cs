using System.Net;
using System.Security.Cryptography.X509Certificates;
using MeshStandIn;
using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Status;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Reachability;

namespace SmmAgent.Tests.Daemon.Reachability;

public sealed class ReachabilityServiceTests : IDisposable
{
    private readonly NetworkServiceFixture _services = new();
    private readonly X509Certificate2 _leaf;
    private readonly IPAddress _one = Loopback.Next();
    private readonly IPAddress _two = Loopback.Next();

    public ReachabilityServiceTests() => _leaf = _services.Authority.Issue(["istiod.istio-system.svc"]);

    public void Dispose()
    {
        _leaf.Dispose();
        _services.Dispose();
    }

    [Fact]
    public async Task BothConditionsAreNotConfiguredWithoutAConfiguration()
    {
        Assert.Equal(ReachabilityService.WhenWell, await StepAsync());

        Assert.Equal((ConditionStatus.Unknown, "NotConfigured"), (_services.GatewaysReachable.Status, _services.GatewaysReachable.Reason));
        Assert.Equal((ConditionStatus.Unknown, "NotConfigured"),
            (_services.DashboardReachable.Status, _services.DashboardReachable.Reason));
        Assert.Null(_services.Reachability.Value.Model);
    }

    [Fact]
    public async Task TwoHealthyGatewaysAreReachable()
    {
        await using var first = new StandInGateway(_one, _leaf);
        await using var second = new StandInGateway(_two, _leaf);
        _services.Mesh("vm-network-1", [_one, _two]);

        Assert.Equal(ReachabilityService.WhenWell, await StepAsync());

        Expect(ConditionStatus.True, "Reachable", "all 2 gateway addresses answer on every port");
        Assert.Equal(12, _services.Reachability.Value.Gateways.Count);
        Assert.Equal((12, 0), (Count(CountedEvent.GatewayProbed), Count(CountedEvent.GatewayProbeFailed)));
        Assert.NotNull(_services.Reachability.Value.GatewayCertificateExpiry);
        Assert.Equal(NetworkModel.DifferentNetwork, _services.Reachability.Value.Model);
    }

    [Fact]
    public async Task OneStoppedGatewayOfTwoIsDegradedAfterTwoProbesAndRecoversAfterTwo()
    {
        await using var first = new StandInGateway(_one, _leaf);
        var second = new StandInGateway(_two, _leaf);
        _services.Mesh("vm-network-1", [_one, _two]);
        await StepAsync();

        await second.DisposeAsync();
        Assert.Equal(TimeSpan.FromSeconds(2), await StepAfterAsync(60));
        Expect(ConditionStatus.True, "Reachable", "");
        // A single failure is not reported, but it is counted.
        Assert.Equal((24, 6), (Count(CountedEvent.GatewayProbed), Count(CountedEvent.GatewayProbeFailed)));
        var noticed = _services.Time.GetUtcNow();

        Assert.Equal(TimeSpan.FromSeconds(10), await StepAfterAsync(2));
        Expect(ConditionStatus.True, "Degraded", $"gateway {_two}:15012 refused the connection (5 more of its ports fail too)");
        Assert.All(
            _services.Reachability.Value.Gateways.Where(result => result.Address == _two.ToString()),
            result => Assert.Equal((Outcome.Refused, noticed), (result.Outcome, result.Since)));

        await using var again = new StandInGateway(_two, _leaf);
        Assert.Equal(TimeSpan.FromSeconds(2), await StepAfterAsync(10));
        Expect(ConditionStatus.True, "Degraded", "");
        Assert.Equal(ReachabilityService.WhenWell, await StepAfterAsync(2));
        Expect(ConditionStatus.True, "Reachable", "");
    }

    [Fact]
    public async Task AllGatewaysDownIsBroken()
    {
        _services.Mesh("vm-network-1", [_one, _two]);

        Assert.Equal(TimeSpan.FromSeconds(10), await StepAsync());

        Expect(ConditionStatus.False, "Refused", $"gateway {_one}:15012 refused the connection");
    }

    [Fact]
    public async Task ATelemetryPortDownEverywhereIsDegraded()
    {
        await using var gateway = new StandInGateway(_one, _leaf);
        await gateway.CloseAsync(59411);
        _services.Mesh("vm-network-1", [_one]);

        await StepAsync();

        Expect(ConditionStatus.True, "Degraded", $"gateway {_one}:59411 refused the connection");
    }

    [Fact]
    public async Task AnExpiredCertificateIsTheReason()
    {
        using var expired = _services.Authority.IssueExpired(["istiod.istio-system.svc"]);
        await using var gateway = new StandInGateway(_one, expired);
        _services.Mesh("vm-network-1", [_one]);

        await StepAsync();

        Expect(ConditionStatus.False, "ExpiredCertificate", "expired on");
    }

    [Fact]
    public async Task ACertificateThatEndsWithinAWeekIsMentioned()
    {
        using var ending = _services.Authority.Issue(
            ["istiod.istio-system.svc"], DateTimeOffset.UtcNow.AddDays(-80), DateTimeOffset.UtcNow.AddDays(5));
        await using var gateway = new StandInGateway(_one, ending);
        _services.Mesh("vm-network-1", [_one]);

        await StepAsync();

        Expect(ConditionStatus.True, "Reachable", "expires on");
    }

    [Fact]
    public async Task AMeshWithoutAGatewayIsNoGateway()
    {
        _services.Mesh("vm-network-1", []);

        Assert.Equal(ReachabilityService.WhenWell, await StepAsync());

        Expect(ConditionStatus.False, "NoGateway", "mesh expansion");
    }

    [Fact]
    public async Task InTheSameNetworkTheDirectEndpointsCount()
    {
        await using var istiod = new StandInListener(new(_one, 0), Behaviours.Silence());
        _services.Mesh("network1", [_two], new DirectEndpoint("pod", _one.ToString(), istiod.Port));

        await StepAsync();

        Expect(ConditionStatus.True, "Reachable", $"endpoint {_one} answers");
        Assert.Equal(NetworkModel.SameNetwork, _services.Reachability.Value.Model);
        Assert.Equal([_one.ToString()], _services.Reachability.Value.Gateways.Select(result => result.Address));
    }

    [Fact]
    public async Task ChangedAddressOfAGatewayIsProbedInTheNextStep()
    {
        await using var gateway = new StandInGateway(_one, _leaf);
        _services.Mesh("vm-network-1", [_one]);
        await StepAsync();

        await using var moved = new StandInGateway(_two, _leaf);
        _services.Mesh("vm-network-1", [_two]);
        await StepAfterAsync(1);

        Expect(ConditionStatus.True, "Reachable", $"gateway {_two} answers");
    }

    [Fact]
    public async Task DashboardHasItsOwnCondition()
    {
        var status = "200 OK";
        await using var dashboard = new StandInListener(new(_one, 0), Behaviours.Http(_ => Behaviours.Response(status, "ok\n")));
        _services.Configure(settings => settings with { DashboardUrl = new($"http://{dashboard.Endpoint}") });

        Assert.Equal(ReachabilityService.WhenWell, await StepAsync());
        Assert.Equal((ConditionStatus.True, "Reachable"), (_services.DashboardReachable.Status, _services.DashboardReachable.Reason));

        status = "503 Service Unavailable";
        await StepAfterAsync(60);
        Assert.Equal("Reachable", _services.DashboardReachable.Reason);
        await StepAfterAsync(2);
        Assert.Equal((ConditionStatus.False, "NotReady"), (_services.DashboardReachable.Status, _services.DashboardReachable.Reason));
        Assert.Contains($"dashboard {dashboard.Endpoint} answered GET /healthz with 503", _services.DashboardReachable.Message,
            StringComparison.Ordinal);
        Assert.Equal(ConditionStatus.Unknown, _services.GatewaysReachable.Status);
        Assert.Equal(0, _services.DashboardCameBack);

        status = "200 OK";
        await StepAfterAsync(10);
        await StepAfterAsync(2);
        Assert.Equal("Reachable", _services.DashboardReachable.Reason);
        Assert.Equal(1, _services.DashboardCameBack);
        await StepAfterAsync(30);
        Assert.Equal(1, _services.DashboardCameBack);
    }

    [Fact]
    public async Task AConfigurationThatArrivesDuringTheProbesLeavesTheGatewaysPending()
    {
        await using var dashboard = new StandInListener(new(_one, 0), Behaviours.Http(_ =>
        {
            _services.Mesh("vm-network-1", [_two]);
            return Behaviours.Response("200 OK", "ok\n");
        }));
        _services.Configure(settings => settings with { DashboardUrl = new($"http://{dashboard.Endpoint}") });

        await StepAsync();

        Assert.Equal((ConditionStatus.Unknown, "Pending"), (_services.GatewaysReachable.Status, _services.GatewaysReachable.Reason));
    }

    [Fact]
    public async Task LoopStepsAtOnceAfterAChangeOfTheMeshConfiguration()
    {
        await using var gateway = new StandInGateway(_one, _leaf);
        var published = new Signal();
        _services.Reachability.NotifyOnChange(published);
        await _services.ReachabilityService.StartAsync(TestContext.Current.CancellationToken);
        await NextAsync(published);

        _services.Mesh("vm-network-1", [_one]);
        await NextAsync(published);
        Expect(ConditionStatus.True, "Reachable", $"gateway {_one} answers");

        await _services.ReachabilityService.StopAsync(TestContext.Current.CancellationToken);
        Assert.Null(_services.Fault.First);
    }

    private static async Task NextAsync(Signal published) =>
        Assert.True(await published.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System, TestContext.Current.CancellationToken));

    private Task<TimeSpan> StepAsync() => _services.ReachabilityService.StepAsync(TestContext.Current.CancellationToken);

    private Task<TimeSpan> StepAfterAsync(double seconds)
    {
        _services.Time.Advance(TimeSpan.FromSeconds(seconds));
        return StepAsync();
    }

    private long Count(CountedEvent counted) => _services.Counters.Current[counted];

    private void Expect(ConditionStatus status, string reason, string message)
    {
        Assert.Equal((status, reason), (_services.GatewaysReachable.Status, _services.GatewaysReachable.Reason));
        Assert.Contains(message, _services.GatewaysReachable.Message, StringComparison.Ordinal);
    }
}
