using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using SmmAgent.Cli;
using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Status;

namespace SmmAgent.Tests.Cli;

public sealed class StatusCommandTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("smm-cli-").FullName;
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();
    private readonly AgentPaths _paths;

    public StatusCommandTests()
    {
        _paths = new AgentPaths(_directory);
        Directory.CreateDirectory(_paths.RuntimeDirectory);
    }

    public void Dispose()
    {
        _output.Dispose();
        _error.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task TheTextGroupsTheConditionsWithMarksAndAges()
    {
        Write(Status());
        _time.Advance(TimeSpan.FromSeconds(12));

        Assert.Equal(0, await RunAsync(new StatusOptions()));
        Assert.Equal(
            """
            smm-agent 0.1.0  vm-integration/analytics-v0  uuid 0327b100-a008-4364-a2b3-7d1777bb5b9a
            updated 12s ago

            Configuration
              ✓ ConfigCurrent         as the dashboard says  [Current, 3m]

            Address
                  3.67.91.181  (configured)

            Gateways (different-network)
              ! GatewaysReachable     1 of 2 gateways  [Degraded, 3m]
                  ✓ 13.48.73.61:15012  ok  3.1 ms  gw
                  ✗ [2a00::1]:15012  refused  gw

            Ports
              ✗ PortsOpen             8080 [31m is closed  [Closed, 3m]
                  ✗ 8080   http: closed
                  ✓ 16400  agent: open, reached from the cluster
                  ? 16401  sidecar-metrics: not seen

            Sidecar
              ? SidecarInstalled      not managed  [Disabled, 3m]
                  istio-sidecar 1.15.3, started 2m ago

            Registration

            """,
            _output.ToString());
    }

    [Fact]
    public async Task OnATerminalTheMarksHaveColours()
    {
        Write(Status());
        await RunAsync(new StatusOptions(Terminal: true));

        Assert.Contains("\e[32m✓\e[0m ConfigCurrent", _output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("8080 \e[31m is", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheJsonIsTheFileItself()
    {
        Write(Status());

        Assert.Equal(0, await RunAsync(new StatusOptions(Json: true)));
        Assert.Equal(await File.ReadAllTextAsync(_paths.Status, TestContext.Current.CancellationToken) + "\n", _output.ToString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task NothingInTheFileReachesTheTerminalAsAControlCharacter(bool json)
    {
        const string Evil = "a\e[2J\u009b2Jb\r";
        var condition = Condition(ConditionType.ConfigCurrent, Evil, Evil, Evil);
        var status = Status() with
        {
            Agent = new AgentInfo(Evil, null),
            WorkloadGroup = new GroupName(Evil, Evil),
            Address = new AddressReport(Evil, Evil),
            Network = new NetworkStatus(Evil),
            Gateways = [new(Evil, Evil, 1, Evil, null)],
            Ports = [new(1, Evil, true, true, true)],
            Sidecar = new(Evil, true, true, _time.GetUtcNow()),
            Conditions = [condition],
        };
        // The user of the daemon may write any content: JSON allows C1 control characters unescaped.
        var text = System.Text.Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(status, StatusJson.Default.AgentStatus));
        await File.WriteAllTextAsync(
            _paths.Status, text.Replace("\\u009B", "\u009b", StringComparison.Ordinal), TestContext.Current.CancellationToken);

        Assert.Equal(0, await RunAsync(new StatusOptions(Json: json)));
        Assert.Contains("[2J", _output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(_output.ToString(), c => char.IsControl(c) && c != '\n');
    }

    [Fact]
    public async Task WithoutAFileTheAgentDoesNotRun()
    {
        Assert.Equal(1, await RunAsync(new StatusOptions(Json: true)));
        Assert.Equal("", _output.ToString());
        Assert.Equal($"smm-agent is not running: {_paths.Status} does not exist; sudo systemctl start smm-agent\n", _error.ToString());
    }

    [Theory]
    [InlineData(180, 0, "")]
    [InlineData(181, 1, "stale: written 3m ago, smm-agent is not running or hangs; systemctl status smm-agent\n")]
    public async Task AStatusThatGrowsOldIsStale(int seconds, int code, string error)
    {
        Write(Status());
        _time.Advance(TimeSpan.FromSeconds(seconds));

        Assert.Equal(code, await RunAsync(new StatusOptions()));
        Assert.Equal(error, _error.ToString());
        Assert.Contains("ConfigCurrent", _output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "is not a status of smm-agent")]
    [InlineData("{}", "is not a status of smm-agent")]
    [InlineData("{\"agent\":", "is not a status of smm-agent")]
    [InlineData("null", "contains no status")]
    public async Task AnInvalidStatusFileIsReported(string content, string reason)
    {
        await File.WriteAllTextAsync(_paths.Status, content, TestContext.Current.CancellationToken);

        Assert.Equal(1, await RunAsync(new StatusOptions()));
        Assert.Contains(reason, _error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnEndlessFileIsNotRead()
    {
        await File.WriteAllTextAsync(_paths.Status, new string(' ', 2 * 1024 * 1024), TestContext.Current.CancellationToken);

        Assert.Equal(1, await RunAsync(new StatusOptions()));
        Assert.Contains("is larger than", _error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WatchingShowsEveryChangeUntilItIsCancelled()
    {
        using var cancel = new CancellationTokenSource();
        var watching = RunAsync(new StatusOptions(Json: true, Watch: true), cancel.Token);
        Assert.Contains("is not running", _output.ToString(), StringComparison.Ordinal);

        Write(Status());
        _time.Advance(TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(1));
        await cancel.CancelAsync();

        Assert.Equal(0, await watching);
        Assert.Equal(2, _output.ToString().Split("\"updatedAt\"").Length);
    }

    private Task<int> RunAsync(StatusOptions options, CancellationToken? cancel = null) =>
        StatusCommand.RunAsync(_paths, options, _output, _error, _time, cancel ?? TestContext.Current.CancellationToken);

    private void Write(AgentStatus status) =>
        File.WriteAllBytes(_paths.Status, JsonSerializer.SerializeToUtf8Bytes(status, StatusJson.Default.AgentStatus));

    private AgentStatus Status() => new()
    {
        Agent = new AgentInfo("0.1.0", new Guid("0327b100-a008-4364-a2b3-7d1777bb5b9a")),
        WorkloadGroup = new GroupName("vm-integration", "analytics-v0"),
        Address = new AddressReport("3.67.91.181", "configured"),
        Network = new NetworkStatus("different-network"),
        Gateways = [new("gw", "13.48.73.61", 15012, "ok", 3.1), new("gw", "2a00::1", 15012, "refused", null)],
        Ports = [new(8080, "http", true, false, null), new(16400, "agent", true, true, true),
            new(16401, "sidecar-metrics", true, null, null)],
        Sidecar = new("1.15.3", Running: true, Ready: true, _time.GetUtcNow().AddMinutes(-2)),
        Conditions =
        [
            Condition(ConditionType.ConfigCurrent, "True", "Current", "as the dashboard says"),
            Condition(ConditionType.GatewaysReachable, "True", ConditionUpdate.Degraded, "1 of 2 gateways"),
            Condition(ConditionType.PortsOpen, "False", "Closed", "8080\e[31m is closed"),
            Condition(ConditionType.SidecarInstalled, "Unknown", ConditionUpdate.Disabled, "not managed"),
        ],
        UpdatedAt = _time.GetUtcNow(),
    };

    private Condition Condition(string type, string status, string reason, string message) => new()
    {
        Type = type,
        Status = status,
        Reason = reason,
        Message = message,
        LastTransitionTime = _time.GetUtcNow().AddMinutes(-3),
    };
}
