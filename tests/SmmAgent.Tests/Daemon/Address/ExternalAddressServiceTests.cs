using System.Net;
using MeshStandIn;
using SmmAgent.Core.Address;
using SmmAgent.Core.Conditions;
using SmmAgent.Daemon.Loop;

namespace SmmAgent.Tests.Daemon.Address;

public sealed class ExternalAddressServiceTests : IAsyncLifetime
{
    private readonly NetworkServiceFixture _services = new();
    private readonly StandInListener _provider;
    private string _answer = "198.18.0.5";

    public ExternalAddressServiceTests() => _provider = new(
        new(IPAddress.Loopback, 0),
        Behaviours.Http(_ => _answer.Length > 0 ? Behaviours.Response("200 OK", _answer)
            : Behaviours.Response("503 Service Unavailable", "")));

    private string Provider => $"http://{_provider.Endpoint}/ip";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _provider.DisposeAsync();
        _services.Dispose();
    }

    [Fact]
    public async Task NoProviderIsAskedBeforeADashboardIsSet()
    {
        _services.Configure(settings => settings with { AddressProviders = [new(Provider)] });

        await StepAsync();

        Expect(null, ConditionStatus.Unknown, "NotConfigured");
        Assert.Equal(0, _provider.Connections);
    }

    [Fact]
    public async Task ConfiguredAddressNeedsNoRequest()
    {
        _services.AskProviders(Provider);
        _services.Configure(settings => settings with { NodeIp = IPAddress.Parse("10.0.0.9") });

        Assert.Equal(TimeSpan.FromMinutes(10), await StepAsync());

        Expect("10.0.0.9", ConditionStatus.True, "Known");
        Assert.Equal("configured", _services.Address.Value.Address!.Source);
        Assert.Equal(0, _provider.Connections);
        Assert.False(File.Exists(_services.AddressFile));
    }

    [Fact]
    public async Task AProvidersAnswerNeedsNoMeshConfiguration()
    {
        _services.AskProviders(Provider);

        Assert.Equal(TimeSpan.FromMinutes(10), await StepAsync());

        Expect("198.18.0.5", ConditionStatus.True, "Known");
        Assert.Equal(Provider, _services.Address.Value.Address!.Source);
    }

    [Fact]
    public async Task AChangeOfAddressIsNoticedByTheTimer()
    {
        _services.AskProviders(Provider);
        await StepAsync();

        _answer = "198.18.0.6";
        _services.Time.Advance(TimeSpan.FromMinutes(10));
        await StepAsync();

        Expect("198.18.0.6", ConditionStatus.True, "Known");
    }

    [Fact]
    public async Task OutageKeepsTheAddressAndShortensTheInterval()
    {
        _services.AskProviders(Provider);
        await StepAsync();

        _answer = "";
        var waits = new List<double>();
        for (var i = 0; i < 8; i++)
        {
            _services.Time.Advance(TimeSpan.FromMinutes(10));
            waits.Add((await StepAsync()).TotalSeconds);
            Expect("198.18.0.5", ConditionStatus.True, "LastKnown");
        }

        Assert.Equal([5, 10, 20, 40, 80, 160, 300, 300], waits);
        _answer = "198.18.0.5";
        _services.Time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(TimeSpan.FromMinutes(10), await StepAsync());
        Expect("198.18.0.5", ConditionStatus.True, "Known");
    }

    [Fact]
    public async Task TheLastKnownAddressSurvivesARestart()
    {
        _services.AskProviders(Provider);
        await StepAsync();
        _answer = "<html>";

        _services.RestartAddressService();
        await StepAsync();

        Expect("198.18.0.5", ConditionStatus.True, "LastKnown");
        Assert.Contains("HTML", _services.AddressKnown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AddressOfAnotherProviderIsNotKept()
    {
        _services.AskProviders(Provider);
        await StepAsync();
        var gone = $"http://{Loopback.Next()}:9/ip";

        _services.AskProviders(gone);
        await StepAsync();

        Expect(null, ConditionStatus.False, "NoProviderAnswered");
        Assert.Contains($"{gone} refused the connection", _services.AddressKnown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DamagedFileIsIgnored()
    {
        File.WriteAllText(_services.AddressFile, "{");
        _services.AskProviders(Provider);
        _answer = "10.0.0.1";

        await StepAsync();

        Expect(null, ConditionStatus.False, "AnswerRefused");
        Assert.Contains("'10.0.0.1' is a private address", _services.AddressKnown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BurstOfSignalsIsOneRequest()
    {
        _services.AskProviders(Provider);
        await StepAsync();
        _services.Time.Advance(TimeSpan.FromSeconds(0.5));

        Assert.Equal(TimeSpan.FromSeconds(1.5), await StepAsync());
        Assert.Equal(1, _provider.Connections);

        _services.Time.Advance(TimeSpan.FromSeconds(1.5));
        await StepAsync();
        Assert.Equal(2, _provider.Connections);
    }

    [Fact]
    public async Task EditOfTheSettingsIsFollowedByARequestAtOnce()
    {
        _services.AskProviders(Provider);
        await StepAsync();

        _services.AskProviders(Provider, Provider + "?second");
        await StepAsync();

        Assert.Equal(3, _provider.Connections);
    }

    [Fact]
    public async Task LoopStepsAtOnceAfterAChangeOfTheSettingsAndASignal()
    {
        var published = new Signal();
        _services.Address.NotifyOnChange(published);
        await _services.AddressService.StartAsync(TestContext.Current.CancellationToken);
        await NextAsync(published);
        Expect(null, ConditionStatus.Unknown, "NotConfigured");

        _services.AskProviders(Provider);
        await NextAsync(published);
        Expect("198.18.0.5", ConditionStatus.True, "Known");

        // The change of an address of the host, after the minimum time between two requests.
        _answer = "198.18.0.6";
        _services.Time.Advance(AddressSchedule.AtMostOnceIn);
        _services.AddressService.Signal.Set();
        await NextAsync(published);
        Expect("198.18.0.6", ConditionStatus.True, "Known");

        await _services.AddressService.StopAsync(TestContext.Current.CancellationToken);
        Assert.Null(_services.Fault.First);
    }

    [Fact]
    public async Task ProvidersAreNotAskedInTheSameNetwork()
    {
        var address = Loopback.Next();
        _services.AskProviders(Provider);
        _services.Mesh("network1", [], new Contract.DirectEndpoint("istiod", address.ToString(), 15012));

        await StepAsync();

        Expect(null, ConditionStatus.False, "NoDirectEndpoint");
        Assert.Contains($"istiod {address}:15012 refused the connection", _services.AddressKnown.Message, StringComparison.Ordinal);
        Assert.Equal(0, _provider.Connections);
    }

    [Fact]
    public async Task BeforeTheFirstConfigurationARouteOnDiskIsNotReplaced()
    {
        var stored = """{"address":"10.0.0.7","source":"route","network":"network1","confirmedAt":"2026-01-02T03:04:05+00:00"}""";
        File.WriteAllText(_services.AddressFile, stored);
        _services.AskProviders(Provider);
        await StepAsync();
        Assert.Equal(stored, File.ReadAllText(_services.AddressFile));

        _services.Mesh("network1", []);
        await StepAsync();

        Expect("10.0.0.7", ConditionStatus.True, "LastKnown");
    }

    [Fact]
    public async Task FileIsNotWrittenAtEveryConfirmation()
    {
        _services.AskProviders(Provider);
        await StepAsync();
        var first = File.ReadAllText(_services.AddressFile);

        _services.Time.Advance(TimeSpan.FromMinutes(10));
        await StepAsync();
        Assert.Equal(first, File.ReadAllText(_services.AddressFile));

        _services.Time.Advance(TimeSpan.FromHours(1));
        await StepAsync();
        Assert.NotEqual(first, File.ReadAllText(_services.AddressFile));
    }

    private Task<TimeSpan> StepAsync() => _services.AddressService.StepAsync(TestContext.Current.CancellationToken);

    private static async Task NextAsync(Signal published) =>
        Assert.True(await published.WaitAsync(TimeSpan.FromMinutes(1), TimeProvider.System, TestContext.Current.CancellationToken));

    private void Expect(string? address, ConditionStatus status, string reason)
    {
        Assert.Equal((status, reason), (_services.AddressKnown.Status, _services.AddressKnown.Reason));
        Assert.Equal(address, _services.Address.Value.Address?.Value.ToString());
    }
}
