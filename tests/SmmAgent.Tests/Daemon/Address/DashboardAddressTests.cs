using System.Net;
using MeshStandIn;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Network;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Files;

namespace SmmAgent.Tests.Daemon.Address;

/// <summary>The address that the dashboard reports.</summary>
public sealed class DashboardAddressTests : IAsyncLifetime
{
    private const string Seen = """{"address":"198.18.0.9","source":"connection","viaProxy":false}""";

    private readonly NetworkServiceFixture _services = new();
    private readonly TemporaryFolder _folder = new();
    private readonly RawServer _dashboard = new();
    private readonly StandInListener _provider = new(
        new(IPAddress.Loopback, 0), Behaviours.Http(_ => Behaviours.Response("200 OK", "198.18.0.5")));

    private string _answer = Json(Seen);

    public ValueTask InitializeAsync()
    {
        AtomicFile.Write(_folder.Path("bearer-token"), "bearer-token", AtomicFile.Private);
        _dashboard.Answers = _ => _answer;
        _services.Dashboard = new(
            new(_dashboard.Url, "vm-integration", "analytics-v0"), null, new BearerTokenFile(_folder.Path("bearer-token")), "1.2.3",
            TimeProvider.System);
        Providers(AddressProvider.Dashboard, new($"http://{_provider.Endpoint}/ip"));
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        _services.Dashboard?.Dispose();
        await _provider.DisposeAsync();
        await _dashboard.DisposeAsync();
        _services.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task OwnAddressNeedsNoOtherProvider()
    {
        _services.OwnAddresses = [IPAddress.Loopback, IPAddress.Parse("198.18.0.9")];

        await StepAsync();

        Expect("198.18.0.9", "dashboard", "Known");
        Assert.Equal(0, _provider.Connections);
    }

    [Fact]
    public async Task AnotherAddressIsComparedWithThatOfTheOtherProviders()
    {
        await StepAsync();

        Expect("198.18.0.9", "dashboard", "ProvidersDisagree");
        Assert.Equal(1, _provider.Connections);
        var request = await _dashboard.NextAsync();
        Assert.Equal("GET /v1/namespaces/vm-integration/workloadgroups/analytics-v0/whoami HTTP/1.1", request.Line);
        Assert.Equal("Bearer bearer-token", request.Header("Authorization"));
    }

    [Fact]
    public async Task AddressOfTheDashboardSurvivesItsOutageAndARestart()
    {
        await StepAsync();
        Providers(AddressProvider.Dashboard);
        _answer = RawServer.Answer("503 Service Unavailable", "");
        _services.RestartAddressService();

        await StepAsync();

        Expect("198.18.0.9", "dashboard", "LastKnown");
    }

    [Theory]
    [InlineData("404 Not Found", """{"code":"not-found"}""")]
    [InlineData("503 Service Unavailable", "")]
    [InlineData("200 OK", "{}")]
    [InlineData("200 OK", """{"address":null,"source":"connection","viaProxy":false}""")]
    [InlineData("200 OK", """{"address":"198.18.0.9","source":"connection","viaProxy":true}""")]
    [InlineData("200 OK", """{"address":"10.255.255.7","source":"connection","viaProxy":false}""")]
    public async Task OtherProviderAnswersWithoutAUsableAddressOfTheDashboard(string status, string body)
    {
        _answer = RawServer.Answer(status, body, "Content-Type: application/json\r\n");

        await StepAsync();

        var provider = $"http://{_provider.Endpoint}/ip";
        Expect("198.18.0.5", provider, "Known");
        Assert.DoesNotContain("dashboard", _services.Address.Value.AddressKnown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReasonIsReportedIfNoOtherProviderAnswers()
    {
        Providers(AddressProvider.Dashboard);
        _answer = Json("""{"address":"10.255.255.7","source":"connection","viaProxy":false}""");

        await StepAsync();

        Assert.Equal((ConditionStatus.False, "AnswerRefused"),
            (_services.Address.Value.AddressKnown.Status, _services.Address.Value.AddressKnown.Reason));
        Assert.StartsWith("dashboard sees another address than those of this VM: '10.255.255.7' is",
            _services.Address.Value.AddressKnown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddressThatAProviderConfirmsIsKept()
    {
        Providers(new AddressProvider($"http://{_provider.Endpoint}/ip"));
        await StepAsync();
        Providers(AddressProvider.Dashboard, new($"http://{_provider.Endpoint}/ip"));

        await StepAsync();

        Expect("198.18.0.5", $"http://{_provider.Endpoint}/ip", "ProvidersDisagree");
    }

    [Fact]
    public async Task DashboardIsNotAskedThroughAProxy()
    {
        _services.Configure(settings => settings with { Proxy = ProxySetting.Parse("http://127.0.0.1:9").Value! });

        await StepAsync();

        Expect("198.18.0.5", $"http://{_provider.Endpoint}/ip", "Known");
        Assert.Equal(0, _dashboard.Count);
    }

    [Fact]
    public async Task DashboardIsAskedOnlyIfTheSettingsNameIt()
    {
        Providers(new AddressProvider($"http://{_provider.Endpoint}/ip"));

        await StepAsync();

        Assert.Equal(0, _dashboard.Count);
    }

    private static string Json(string body) => RawServer.Answer("200 OK", body, "Content-Type: application/json\r\n");

    private void Providers(params AddressProvider[] providers) =>
        _services.Configure(settings => settings with { DashboardUrl = _dashboard.Url, AddressProviders = providers });

    private Task StepAsync() => _services.AddressService.StepAsync(TestContext.Current.CancellationToken);

    private void Expect(string address, string source, string reason)
    {
        var state = _services.Address.Value;
        Assert.Equal((address, source, reason), (state.Address?.Value.ToString(), state.Address?.Source, state.AddressKnown.Reason));
    }
}
