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
using SmmAgent.Core.Time;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Report;

namespace SmmAgent.Tests.Daemon.Report;

/// <summary>The report service of an agent, with a dashboard on loopback and a clock that only the test moves.</summary>
public abstract class ReportServiceFixture : IAsyncLifetime
{
    private protected readonly AgentUnderTest _agent = new();
    private protected readonly ObservableValue<AddressState> _address = new(AddressState.Initial);
    private protected readonly ObservableValue<ReachabilityState> _reachability = new(ReachabilityState.Initial);
    private protected readonly ObservableValue<PortsState> _ports = new(new PortsState([],
        ConditionUpdate.Unknown(ConditionType.PortsOpen, "Unclear", "")));
    private protected readonly ObservableValue<ClusterViewState> _view = new(ClusterViewState.Initial);
    private protected readonly List<string> _calls = [];
    private protected readonly DialBackNonces _nonces;
    private protected readonly ReportService _service;
    private protected string? _instance;
    private protected readonly FixedReportSource _source = new();
    private protected string _report = "HTTP/1.1 204 No Content\r\n\r\n";
    private protected string _registration =
        Json("""{"registered":true,"reason":"Registered","workloadEntry":"analytics-v0-198.18.0.2","healthy":"True","message":""}""");
    private protected string _dialBack =
        Json(
            """{"address":"198.18.0.2","fromCluster":"demo","results":[{"port":8080,"reachable":true},{"port":16400,"reachable":true},{"port":16401,"reachable":true}]}""");

    private protected ReportServiceFixture()
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
        _address.Publish(new AddressState(new ExternalAddress(IPAddress.Parse("198.18.0.2"), "configured"),
            ConditionUpdate.NotObserved("AddressKnown")));
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _service.Dispose();
        await _agent.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected (string, string, string) Reasons() =>
        (_view.Value.ReachableFromCluster.Reason, _view.Value.Registered.Reason, _view.Value.Healthy.Reason);

    private protected Task<TimeSpan> StepAsync() => _service.StepAsync(TestContext.Current.CancellationToken);

    private protected static string Json(string body) => RawServer.Answer("200 OK", body, "Content-Type: application/json\r\n");
}
