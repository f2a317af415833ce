using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using SmmDashboard.Hosting;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Rights;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Rights;

/// <summary>Log lines about the dashboard's own rights, as the real API server evaluates them.</summary>
public sealed class RightsWatchTests(RunningApiServer server)
{
    private static readonly Right Nodes = new("", "nodes", "list", "watch") { Without = "a dial-back could go to a node" };

    private readonly FakeTimeProvider _time = new();
    private readonly LogLines _log = new();

    [Fact]
    public async Task MissingRightIsLoggedInOneLineWithItsEffectAndRule()
    {
        var account = await TestAccount.CreateAsync(server);
        var token = Token(account.Namespace);
        using var watch = Started(account, () => [Nodes, token]);

        await watch.Value.ObserveAsync(TestContext.Current.CancellationToken);

        string[] lines =
        [
            "Warning: may not list, watch nodes, so a dial-back could go to a node: "
                + """add to ClusterRole smm-dashboard: {apiGroups: [""], resources: [nodes], verbs: [list, watch]}""",
            $"Warning: may not create serviceaccounts/token analytics in namespace {account.Namespace}, so sidecars of this "
                + "account get no token: "
                + $$"""add to Role smm-dashboard in namespace {{account.Namespace}}: {apiGroups: [""], resources: [serviceaccounts/token], resourceNames: ["analytics"], verbs: [create]}""",
        ];
        Assert.Equal(lines, _log.Lines);
        Assert.Equal(lines, watch.Value.Limitations.Select(limitation => $"Warning: {limitation}"));
        Assert.Null(watch.Value.WaitsFor);
    }

    [Fact]
    public async Task MissingRightIsLoggedOnChangeAndGrantedRightAtTheNextReview()
    {
        var account = await TestAccount.CreateAsync(server);
        using var watch = Started(account, () => [Nodes]);
        await watch.Value.ObserveAsync(TestContext.Current.CancellationToken);
        Assert.Single(_log.Lines);

        await LookAfterIntervalAsync(watch.Value);
        Assert.Single(_log.Lines);

        await account.GrantAsync(null, """{apiGroups: [""], resources: [nodes], verbs: [list]}""");
        await LookAfterIntervalAsync(watch.Value);
        Assert.StartsWith("Warning: may not watch nodes, so ", _log.Lines[^1], StringComparison.Ordinal);

        await account.GrantAsync(null, """{apiGroups: [""], resources: [nodes], verbs: [watch]}""");
        await LookAfterIntervalAsync(watch.Value);
        Assert.Equal("""Information: Granted: {apiGroups: [""], resources: [nodes], verbs: [list, watch]}""", _log.Lines[^1]);
        Assert.Equal(3, _log.Lines.Count);
        Assert.Empty(watch.Value.Limitations);
    }

    [Fact]
    public async Task OnlyTheRightsOfANewWorkloadGroupAreReviewedImmediately()
    {
        var account = await TestAccount.CreateAsync(server);
        await using var proxy = await FaultProxy.StartAsync(server);
        List<Right> needed = [Nodes];
        using var watch = Started(account, () => needed, proxy.Address);
        await watch.Value.ObserveAsync(TestContext.Current.CancellationToken);
        var before = proxy.Requests.Count;

        needed.Add(Token(account.Namespace));
        await watch.Value.ObserveAsync(TestContext.Current.CancellationToken);

        Assert.Equal(2, _log.Lines.Count);
        Assert.Single(proxy.Requests.Skip(before));
    }

    [Fact]
    public async Task RightToAnUnservedKindIsNotMissing()
    {
        var account = await TestAccount.CreateAsync(server);
        using var watch = Started(account, () => [new Right("nowhere.example.com", "things", "list") { Without = "nothing works" }]);

        await watch.Value.ObserveAsync(TestContext.Current.CancellationToken);

        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task ApiServerOutageIsLoggedInOneLineAndKnownRightsStay()
    {
        var account = await TestAccount.CreateAsync(server);
        var proxy = await FaultProxy.StartAsync(server);
        using var watch = Started(account, () => [Nodes], proxy.Address);
        await watch.Value.ObserveAsync(TestContext.Current.CancellationToken);

        await proxy.DisposeAsync();
        await LookAfterIntervalAsync(watch.Value);
        await LookAfterIntervalAsync(watch.Value);

        Assert.Equal(2, _log.Lines.Count);
        Assert.StartsWith(
            "Warning: Cannot review the dashboard's rights: create selfsubjectaccessreviews.authorization.k8s.io: the API server "
                + "cannot be reached", _log.Lines[1], StringComparison.Ordinal);
        Assert.Single(watch.Value.Limitations);
    }

    [Fact]
    public async Task RightsReviewedBeforeAFailureAreNotReviewedAgain()
    {
        var account = await TestAccount.CreateAsync(server);
        await using var proxy = await FaultProxy.StartAsync(server);
        var needed = Enumerable.Range(0, 40).Select(number => new Right("", $"things{number}", "list") { Without = "nothing works" })
            .ToList();
        using var watch = Started(account, () => needed, proxy.Address);
        var asked = 0;
        proxy.AnswerNext(_ => ++asked > 30, 500, "{}");

        await watch.Value.ObserveAsync(TestContext.Current.CancellationToken);
        Assert.Contains(_log.Lines, line => line.Contains("Cannot review the dashboard's rights", StringComparison.Ordinal));
        var before = proxy.Requests.Count;
        await watch.Value.ObserveAsync(TestContext.Current.CancellationToken);

        Assert.InRange(proxy.Requests.Count - before, 1, 12);
        Assert.Equal(needed.Count, watch.Value.Limitations.Count());
    }

    private static Right Token(string @namespace) =>
        new("", "serviceaccounts/token", "create")
        {
            Namespace = @namespace, Name = "analytics",
            Without = "sidecars of this account get no token"
        };

    private Task LookAfterIntervalAsync(RightsWatch watch)
    {
        _time.Advance(RightsWatch.Interval);
        return watch.ObserveAsync(TestContext.Current.CancellationToken);
    }

    private Watching Started(TestAccount account, Func<IReadOnlyList<Right>> needed, Uri? address = null)
    {
        var api = new KubernetesApi(account.Settings(address), TimeProvider.System);
        return new(api, new RightsWatch(
            new AccessReviews(api, account: null), needed, _time, _log,
            new BackgroundFailure(new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance))));
    }

    private sealed record Watching(KubernetesApi Api, RightsWatch Value) : IDisposable
    {
        public void Dispose()
        {
            Value.Dispose();
            Api.Dispose();
        }
    }

    private sealed class LogLines : ILogger<RightsWatch>
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add($"{logLevel}: {formatter(state, exception)}");
    }
}
