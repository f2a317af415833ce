using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using SmmAgent.Contract;
using SmmAgent.Core.Address;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Time;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Report;

namespace SmmAgent.Tests.Daemon.Report;

public sealed class ReportServiceTests : IAsyncLifetime
{
    private readonly AgentUnderTest _agent = new();
    private readonly ObservableValue<AddressState> _address = new(AddressState.Initial);
    private readonly ObservableValue<ReachabilityState> _reachability = new(ReachabilityState.Initial);
    private readonly ObservableValue<PortsState> _ports = new(new PortsState([], ConditionUpdate.Unknown(ConditionType.PortsOpen, "Unclear", "")));
    private readonly ObservableValue<ClusterViewState> _view = new(ClusterViewState.Initial);
    private readonly List<string> _calls = [];
    private readonly DialBackNonces _nonces;
    private readonly ReportService _service;
    private string? _instance;
    private readonly FixedReportSource _source = new();
    private string _report = "HTTP/1.1 204 No Content\r\n\r\n";
    private string _registration = Json("""{"registered":true,"reason":"Registered","workloadEntry":"analytics-v0-198.18.0.2","healthy":"True","message":""}""");
    private string _dialBack = Json("""{"address":"198.18.0.2","fromCluster":"demo","results":[{"port":8080,"reachable":true},{"port":16400,"reachable":true},{"port":16401,"reachable":true}]}""");

    public ReportServiceTests()
    {
        _nonces = new DialBackNonces(_agent.Time, RandomNumberGenerator.Fill);
        _service = new ReportService(
            _agent.Context,
            new AgentStates
            {
                Settings = _agent.Settings,
                Mesh = _agent.MeshConfig,
                Address = _address,
                Reachability = _reachability,
                Ports = _ports,
                Cluster = _view,
            },
            _agent.Clients,
            new ReportBuilder(_source, _agent.Time),
            new DialBack(_agent.Identity(), _nonces, listens: _ => false),
            new RetryDelay(() => 0.5));
        _agent.Server.Answers = request =>
        {
            var call = request.Line.Split(' ')[1].Split('/')[^1] is var last && Guid.TryParse(last, out _) ? "report" : last;
            _calls.Add(call);
            if (call == "dial-back")
                Assert.True(_nonces.IsValid(JsonSerializer.Deserialize(request.Body, ContractJson.Default.DialBackRequest)!.Nonce));
            if (call == "report")
                _instance = JsonSerializer.Deserialize(request.Body, ContractJson.Default.AgentReport)!.Instance;
            return call switch { "report" => _report, "registration" => _registration, _ => _dialBack };
        };
        var config = MeshConfigReader.Read(Encoding.UTF8.GetBytes(Sample.ConfigText())).Value;
        _agent.MeshConfig.Publish(new MeshConfigState(config, false, ConditionUpdate.NotObserved("ConfigCurrent")));
        _address.Publish(new AddressState(new ExternalAddress(IPAddress.Parse("198.18.0.2"), "configured"), ConditionUpdate.NotObserved("AddressKnown")));
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _service.Dispose();
        await _agent.DisposeAsync();
    }

    [Fact]
    public async Task NobodyIsAskedToDialBeforeTheFirewallWasLookedAt()
    {
        _ports.Publish(PortsState.Initial);
        await StepAsync();
        Assert.Equal(["report", "registration"], _calls);
        Assert.Equal((ConditionStatus.Unknown, ConditionUpdate.Pending), (_view.Value.ReachableFromCluster.Status, _view.Value.ReachableFromCluster.Reason));

        _ports.Publish(new PortsState([], ConditionUpdate.True(ConditionType.PortsOpen, "Open", "")));
        await StepAsync();
        Assert.Equal("dial-back", _calls[^1]);
    }

    [Fact]
    public async Task AReportIsFollowedByRegistrationAndDialBackAndThenThereIsPeace()
    {
        var wait = await StepAsync();
        await StepAsync();

        Assert.Equal(["report", "registration", "dial-back"], _calls);
        Assert.Equal(ReportService.Interval, wait);
        Assert.Equal(("Reached", "Registered", "Healthy"), Reasons());
        Assert.Equal($"{Sample.Namespace}/{Sample.Name}", _view.Value.Group);
        Assert.Contains("the cluster demo reaches all 3 ports", _view.Value.ReachableFromCluster.Message, StringComparison.Ordinal);
        Assert.True(_view.Value.Reached[16400]);
    }

    [Fact]
    public async Task ACopyOfAMachineReportsNothingUnderTheUuidOfTheOriginal()
    {
        var uuid = Guid.NewGuid();
        _agent.Settings.Publish(_agent.Settings.Value with { Settings = _agent.Settings.Value.Settings with { Uuid = uuid } });
        await StepAsync();
        _calls.Clear();

        _agent.BecomeAnotherMachine();
        _agent.Time.Advance(ReportService.Interval);
        await StepAsync();

        Assert.Empty(_calls);
        Assert.Equal(("ForeignIdentity", "ForeignIdentity", "ForeignIdentity"), Reasons());
        Assert.Contains("sudo smm-agent reconcile", _view.Value.Registered.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheTimeOfTheLastReportIsKnownAndANewOneWakesNobody()
    {
        await StepAsync();
        var first = _agent.Time.GetUtcNow();
        Assert.Equal(first, _view.Value.ReportedAt);

        var reader = new Signal();
        _view.NotifyOnChange(reader);
        _agent.Time.Advance(ReportService.Interval);
        await StepAsync();
        Assert.Equal(first + ReportService.Interval, _view.Value.ReportedAt);
        Assert.False(await reader.WaitAsync(TimeSpan.Zero, _agent.Time, TestContext.Current.CancellationToken));

        _report = "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n";
        _agent.Time.Advance(ReportService.Interval);
        await StepAsync();
        Assert.Equal(first + ReportService.Interval, _view.Value.ReportedAt);
        Assert.True(await reader.WaitAsync(TimeSpan.Zero, _agent.Time, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task ChangesWithinFiveSecondsAreOneReport()
    {
        await StepAsync();
        _source.InterfaceAddresses = ["10.0.0.3"];
        var wait = await StepAsync();
        Assert.Equal((ReportService.Pause, 1), (wait, _calls.Count(call => call == "report")));

        _agent.Time.Advance(ReportService.Pause);
        await StepAsync();
        Assert.Equal(2, _calls.Count(call => call == "report"));
    }

    [Fact]
    public async Task ANewAddressIsReportedBeforeItIsDialled()
    {
        await StepAsync();
        _calls.Clear();
        _address.Publish(_address.Value with { Address = new(IPAddress.Parse("198.18.0.9"), "configured") });
        await StepAsync();
        Assert.Empty(_calls);

        _agent.Time.Advance(ReportService.Pause);
        await StepAsync();
        Assert.Equal(["report", "dial-back"], _calls);
    }

    [Fact]
    public async Task WithoutAnAddressNothingIsDialled()
    {
        _address.Publish(AddressState.Initial);
        await StepAsync();

        Assert.Equal(["report", "registration"], _calls);
        Assert.Equal((ConditionStatus.Unknown, "NoAddress"), (_view.Value.ReachableFromCluster.Status, _view.Value.ReachableFromCluster.Reason));
    }

    [Fact]
    public async Task AVmThatIsNotReachedIsDialledAgainAfterHalfAMinute()
    {
        _dialBack = Json("""{"address":"198.18.0.2","fromCluster":"demo","results":[{"port":16400,"reachable":false,"error":"timeout"}]}""");
        var wait = await StepAsync();

        Assert.Equal(ReportService.IntervalWhileBad, wait);
        Assert.Equal((ConditionStatus.False, "TimedOut"), (_view.Value.ReachableFromCluster.Status, _view.Value.ReachableFromCluster.Reason));
    }

    [Fact]
    public async Task AnAddressThatTheDashboardNeverDialsIsToldWithTheCure()
    {
        _dialBack = Sample.Problem("422 Unprocessable Content", "address-not-allowed", "it is private to the cluster");
        await StepAsync();

        Assert.Equal("AddressNotAllowed", _view.Value.ReachableFromCluster.Reason);
        Assert.Contains("(it is private to the cluster); set the one", _view.Value.ReachableFromCluster.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADashboardThatForgotTheReportIsToldAgain()
    {
        var good = _dialBack;
        _dialBack = Sample.Problem("409 Conflict", "no-report", "");
        await StepAsync();
        _dialBack = good;
        _agent.Time.Advance(TimeSpan.FromSeconds(10));
        await StepAsync();

        Assert.Equal(["report", "registration", "dial-back", "report", "dial-back"], _calls);
        Assert.Equal("Reached", _view.Value.ReachableFromCluster.Reason);
    }

    [Fact]
    public async Task ARateLimitedDialBackKeepsWhatIsKnown()
    {
        await StepAsync();
        _dialBack = Sample.Problem("429 Too Many Requests", "too-many-requests", "", "Retry-After: 60\r\n");
        _agent.Time.Advance(ReportService.Interval);
        await StepAsync();

        Assert.Equal("Reached", _view.Value.ReachableFromCluster.Reason);
        Assert.Equal(6, _calls.Count);
    }

    [Fact]
    public async Task AForeignAgentKeyIsToldWithTheCure()
    {
        _report = Sample.Problem("403 Forbidden", "agent-key-mismatch", "");
        await StepAsync();

        Assert.Equal(["report"], _calls);
        Assert.Equal("AgentKeyMismatch", _view.Value.Registered.Reason);
        Assert.Contains("sudo sed -i '/^uuid:/d' /etc/smm/agent.yaml", _view.Value.Registered.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASecondHostWithTheSameIdentityIsToldWithTheCureAndAskedForEachMinute()
    {
        _report = Sample.Problem("409 Conflict", "duplicate-identity", "vm-1 at 198.18.0.2 and vm-1 at 198.18.0.3: one is a copy of the other, with its /etc/machine-id");
        var wait = await StepAsync();

        Assert.Equal(["report"], _calls);
        IsDuplicate();
        Assert.InRange(wait, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(66));

        // A uuid of its own is reported at once.
        _report = "HTTP/1.1 204 No Content\r\n\r\n";
        _agent.Settings.Publish(_agent.Settings.Value with { Settings = _agent.Settings.Value.Settings with { Uuid = Guid.NewGuid() } });
        await StepAsync();
        Assert.Equal(("Reached", "Registered", "Healthy"), Reasons());
    }

    [Fact]
    public async Task SoIsTheHostWhoseReportsAreKept()
    {
        var (registration, dialBack) = (_registration, _dialBack);
        _registration = _dialBack = Sample.Problem("409 Conflict", "duplicate-identity", "vm-1 at 198.18.0.2 and vm-1 at 198.18.0.3: one is a copy of the other, with its /etc/machine-id");
        var wait = await StepAsync();

        Assert.Equal(["report", "registration", "dial-back"], _calls);
        IsDuplicate();
        Assert.InRange(wait, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(66));

        (_registration, _dialBack) = (registration, dialBack);
        _agent.Time.Advance(wait);
        await StepAsync();
        Assert.Equal(("Reached", "Registered", "Healthy"), Reasons());
    }

    private void IsDuplicate()
    {
        Assert.Equal(("DuplicateIdentity", "DuplicateIdentity", "DuplicateIdentity"), Reasons());
        Assert.Equal(
            (ConditionStatus.False, ConditionStatus.False, ConditionStatus.Unknown),
            (_view.Value.ReachableFromCluster.Status, _view.Value.Registered.Status, _view.Value.Healthy.Status));
        Assert.Equal(
            "two hosts report under this VM's uuid and key (vm-1 at 198.18.0.2 and vm-1 at 198.18.0.3: one is a copy of the other, with its /etc/machine-id); "
                + "on the one that is a copy: tr -d - </proc/sys/kernel/random/uuid | sudo tee /etc/machine-id; sudo smm-agent reconcile",
            _view.Value.Registered.Message);
    }

    [Fact]
    public async Task TheReportNamesTheBootOfTheHost()
    {
        await StepAsync();

        Assert.Equal("0123456789abcdef", _instance);
    }

    [Fact]
    public async Task WithoutTheDashboardNothingIsKnownAndItIsTriedAgain()
    {
        await _agent.Server.DisposeAsync();
        var wait = await StepAsync();

        Assert.Equal(("DashboardUnreachable", "DashboardUnreachable", "DashboardUnreachable"), Reasons());
        Assert.Equal(ConditionStatus.Unknown, _view.Value.Registered.Status);
        Assert.InRange(wait, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task WhatAFailedReportMadeUnknownIsAskedAsSoonAsOneGetsThrough()
    {
        await StepAsync();
        var report = _report;
        _report = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
        _source.InterfaceAddresses = ["10.0.0.3"];
        _agent.Time.Advance(ReportService.Pause);
        var wait = await StepAsync();
        Assert.Equal(ConditionStatus.Unknown, _view.Value.Registered.Status);

        _report = report;
        _calls.Clear();
        _agent.Time.Advance(wait);
        await StepAsync();

        Assert.Equal(["report", "registration", "dial-back"], _calls);
        Assert.Equal(("Reached", "Registered", "Healthy"), Reasons());
    }

    [Fact]
    public async Task AVmThatLostTheGatewaysIsAskedForOftenUntilTheyAreBack()
    {
        Assert.Equal(ReportService.Interval, await StepAsync());
        _agent.Time.Advance(ReportService.Pause);
        _calls.Clear();

        Gateways(ConditionUpdate.False(ConditionType.GatewaysReachable, "NoGateway", "none answers"));
        Assert.Equal(ReportService.IntervalAfterLoss, await StepAsync());
        _agent.Time.Advance(ReportService.IntervalAfterLoss);
        _registration = Json("""{"registered":false,"reason":"NotConnected","healthy":"Unknown","message":"no sidecar is connected"}""");
        Assert.Equal(ReportService.IntervalWhileBad, await StepAsync());
        Assert.Equal(["registration", "registration"], _calls);
        Assert.Equal(ConditionStatus.False, _view.Value.Registered.Status);

        void Gateways(ConditionUpdate finding) => _reachability.Publish(_reachability.Value with { GatewaysReachable = finding });
    }

    [Theory]
    [InlineData("True", "Degraded")]
    [InlineData("Unknown", "CapturedBySidecar")]
    [InlineData("False", "Refused")]
    public async Task WhereTheWayToTheControlPlaneChangedTheRegistrationIsAskedAtOnceAndAMinuteLong(string status, string reason)
    {
        await StepAsync();
        _agent.Time.Advance(ReportService.Pause);
        _calls.Clear();

        var way = new ConditionUpdate(ConditionType.GatewaysReachable, Enum.Parse<ConditionStatus>(status), reason, "");
        _reachability.Publish(_reachability.Value with { GatewaysReachable = way });
        var asked = 0;
        for (var wait = await StepAsync(); wait == ReportService.IntervalAfterLoss; wait = await StepAsync(), asked++)
            _agent.Time.Advance(wait);

        Assert.Equal(6, asked);
        Assert.Equal(7, _calls.Count(call => call == "registration"));
    }

    [Fact]
    public async Task WithoutSettingsNobodyIsAsked()
    {
        _agent.Settings.Publish(SettingsState.Empty);
        await StepAsync();

        Assert.Empty(_calls);
        Assert.Equal("NotConfigured", _view.Value.Registered.Reason);
    }

    private (string, string, string) Reasons() =>
        (_view.Value.ReachableFromCluster.Reason, _view.Value.Registered.Reason, _view.Value.Healthy.Reason);

    private Task<TimeSpan> StepAsync() => _service.StepAsync(TestContext.Current.CancellationToken);

    private static string Json(string body) => RawServer.Answer("200 OK", body, "Content-Type: application/json\r\n");
}
