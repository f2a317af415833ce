using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using SmmAgent.Cli;
using SmmAgent.Cli.Output;
using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Status;
using SmmAgent.Host.Rollback;

namespace SmmAgent.Tests.Cli;

public sealed class StatusCommandTests : IDisposable
{
    private static readonly JsonSchema Schema = JsonSchema.Read(Repository.PathOf("docs", "status.schema.json"));

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
    public async Task VerdictAndCausesComeFirstAndHealthyGroupsAreFolded()
    {
        Write(Status());
        _time.Advance(TimeSpan.FromSeconds(12));

        Assert.Equal(0, await RunAsync(Options()));
        Assert.Equal(
            """
            DEGRADED  vm-integration/analytics-v0  on db-17, for 3m

              ✗ 8080 [31m is closed
                fix      sudo smm-agent reconcile
                explain  smm-agent explain NotOpen

              ! 1 of 2 gateways
                fix      check that the gateway runs and that its service has this port
                explain  smm-agent explain Refused

              ✓ Configuration  1/1
              ! Gateways       1/2
                  ! GatewaysReachable     Degraded, for 3m
                  ✗ [2a00::1]:15012  refused  gw
              ✗ Ports          1/3
                  ✗ PortsOpen             NotOpen, for 3m
                  ✗ 8080   http: closed
              – Sidecar        off: not managed

            smm-agent 0.1.0, updated 12s ago; details: smm-agent status --verbose

            """,
            _output.ToString());
    }

    [Fact]
    public async Task VerboseShowsEveryConditionGatewayAndPort()
    {
        Write(Status());

        Assert.Equal(0, await RunAsync(Options() with { Verbose = true }));
        var text = _output.ToString();
        Assert.Contains("      ✓ ConfigCurrent         as the dashboard says [Current, 3m]\n", text, StringComparison.Ordinal);
        Assert.Contains("      ✓ 13.48.73.61:15012  ok  3.1 ms  gw\n", text, StringComparison.Ordinal);
        Assert.Contains("      ✓ 16400  agent: open, reached from the cluster\n", text, StringComparison.Ordinal);
        Assert.Contains("uuid 0327b100-a008-4364-a2b3-7d1777bb5b9a; network model different-network", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CauseOfFourConditionsIsPrintedOnce()
    {
        const string Cause = "gateway 13.48.73.61:15012 refused the connection";
        Write(Status() with
        {
            Attachment = new("not-attached", _time.GetUtcNow().AddHours(-2), "GatewaysReachable", "Refused", Cause, null),
            Conditions =
            [
                Condition(ConditionType.GatewaysReachable, "False", "Refused", Cause),
                Condition(ConditionType.SidecarRunning, "False", "NotReady", "the sidecar runs, but is not ready"),
                Condition(ConditionType.Registered, "False", "GatewayUnreachable", Cause),
                Condition(ConditionType.Healthy, "Unknown", "NotRegistered", "health is known only after registration"),
            ],
        });

        Assert.Equal(0, await RunAsync(Options()));
        var text = _output.ToString();
        Assert.StartsWith("NOT ATTACHED  vm-integration/analytics-v0  on db-17, for 2h\n", text, StringComparison.Ordinal);
        Assert.Equal(2, text.Split(Cause).Length);
        Assert.Contains("    affects  SidecarRunning, Registered, Healthy\n", text, StringComparison.Ordinal);
        Assert.Contains("      ✗ SidecarRunning        NotReady, because of GatewaysReachable\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(132)]
    public async Task NoLineIsWiderThanTheTerminal(int width)
    {
        var status = Status();
        var message = string.Join(' ', Enumerable.Repeat("日本 word", 40));
        Write(status with { Conditions = [.. status.Conditions.Select(condition => condition with { Message = message })] });

        foreach (var verbose in (bool[])[false, true])
            await RunAsync(Options() with { Verbose = verbose, Style = new(HasColour: true, Width: width) });
        // Identifiers and endpoints are not broken: they are copied.
        Assert.All(
            _output.ToString().Split('\n').Where(line => line.Contains("word", StringComparison.Ordinal)),
            line => Assert.True(SmmAgent.Core.Text.DisplayWidth.Of(line) <= width, line));
    }

    [Fact]
    public async Task WithoutUtf8TheTextIsAscii()
    {
        Write(Status());
        await RunAsync(Options() with { Style = new(IsUtf8: false) });

        Assert.True(System.Text.Ascii.IsValid(_output.ToString()));
        Assert.Contains("  + Configuration  1/1\n", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OnATerminalTheMarksHaveColours()
    {
        Write(Status());
        await RunAsync(Options() with { Style = new(HasColour: true) });

        Assert.Contains("\e[32m✓\e[0m Configuration", _output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("8080 \e[31m is", _output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, 17, "not confirmed: rolled back in 17 s; sudo smm-agent confirm")]
    [InlineData(false, -3, "not confirmed: the rollback is running; journalctl -u smm-agent-rollback")]
    [InlineData(true, -120, "the last reconcile was not confirmed and was rolled back 2m ago")]
    public async Task PendingConfirmationIsBelowTheVerdict(bool isRolledBack, int seconds, string note)
    {
        Write(Status());
        new ConfirmationNote(isRolledBack, _time.GetUtcNow().AddSeconds(seconds)).Write(_paths);

        await RunAsync(Options());
        Assert.Equal($"! {note}", _output.ToString().Split('\n')[1]);
    }

    [Fact]
    public async Task TheJsonHasTheMembersOfTheFileAndPlainTimes()
    {
        Write(Status());

        Assert.Equal(0, await RunAsync(new StatusOptions(Format: PrintFormat.Json)));
        Assert.Empty(Schema.Faults(JsonDocument.Parse(_output.ToString()).RootElement));
        var file = await File.ReadAllTextAsync(_paths.Status, TestContext.Current.CancellationToken);
        Assert.Equal(file.Replace("+00:00", "Z", StringComparison.Ordinal) + "\n", _output.ToString());
    }

    [Fact]
    public async Task TimesArePrintedInUtcWithoutFractions()
    {
        Write(Status() with { UpdatedAt = new DateTimeOffset(2026, 1, 2, 5, 4, 5, 678, TimeSpan.FromHours(2)) });

        Assert.Equal(0, await RunAsync(new StatusOptions(Format: PrintFormat.Json)));
        Assert.Contains("\"updatedAt\": \"2026-01-02T03:04:05Z\"", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheYamlHasTheMembersOfTheJson()
    {
        Write(Status());

        Assert.Equal(0, await RunAsync(new StatusOptions(Format: PrintFormat.Yaml)));
        Assert.StartsWith("agent:\n  version: \"0.1.0\"\n", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("\nconditions:\n- type: ConfigCurrent\n  status: \"True\"\n", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("\nupdatedAt: \"2026-01-02T03:04:05Z\"\n", _output.ToString(), StringComparison.Ordinal);
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

        Assert.Equal(0, await RunAsync(new StatusOptions(Format: json ? PrintFormat.Json : PrintFormat.Text)));
        Assert.Contains("[2J", _output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(_output.ToString(), c => char.IsControl(c) && c != '\n');
    }

    [Theory]
    [InlineData(PrintFormat.Json)]
    [InlineData(PrintFormat.Yaml)]
    public async Task TextThatIsNotUnicodeIsReplaced(PrintFormat format)
    {
        var text = System.Text.Encoding.UTF8.GetString(StatusJsonText.Write(Status()));
        await File.WriteAllTextAsync(
            _paths.Status,
            text.Insert(text.IndexOf('{', StringComparison.Ordinal) + 1, """ "x": "a\udc00b\\ud800c 2026-01-02T03:04:05.123+02:00", """),
            TestContext.Current.CancellationToken);

        Assert.Equal(0, await RunAsync(new StatusOptions(Format: format)));
        Assert.Contains(format == PrintFormat.Json ? "a\ufffdb" : @"a\uFFFDb", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("ud800c 2026-01-02T03:04:05.123+02:00", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void TimesInTheFileHaveNoFractions()
    {
        var status = Status() with { UpdatedAt = new DateTimeOffset(2026, 1, 2, 5, 4, 5, 678, TimeSpan.FromHours(2)) };

        Assert.Contains(
            "\"updatedAt\": \"2026-01-02T03:04:05Z\"", System.Text.Encoding.UTF8.GetString(StatusJsonText.Write(status)),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task FreshHostShowsTheFirstSteps()
    {
        Assert.Equal(1, await RunAsync(Options()));
        Assert.Equal(
            """
            NOT CONFIGURED  on db-17
              this host is not configured yet
              next:  sudo smm-agent set dashboard-url URL
                     sudo smm-agent set workload-group NAMESPACE NAME
                     sudo smm-agent set bearer-token --stdin
                     sudo smm-agent reconcile

            """,
            _output.ToString());
        Assert.Equal("", _error.ToString());
    }

    [Fact]
    public async Task DetachedHostIsReconciledNext()
    {
        Configure();

        Assert.Equal(1, await RunAsync(Options()));
        Assert.Equal(
            """
            NOT ATTACHED  vm-integration/analytics-v0  on db-17
              this host is configured, and not attached
              next:  sudo smm-agent reconcile

            """,
            _output.ToString());
    }

    [Fact]
    public async Task StoppedDaemonIsStarted()
    {
        Configure();
        var wants = Path.Combine(_directory, "etc/systemd/system/multi-user.target.wants");
        Directory.CreateDirectory(wants);
        File.CreateSymbolicLink(Path.Combine(wants, "smm-agent.service"), "/nowhere/smm-agent.service");

        Assert.Equal(1, await RunAsync(Options()));
        Assert.StartsWith("UNKNOWN  vm-integration/analytics-v0  on db-17\n", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("next:  sudo systemctl start smm-agent\n", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RolledBackHostIsReconciledWithAConfirmationNext()
    {
        Configure();
        new ConfirmationNote(IsRolledBack: true, _time.GetUtcNow()).Write(_paths);

        Assert.Equal(1, await RunAsync(Options()));
        Assert.Contains("the last reconcile was not confirmed and was rolled back at 2026-01-02T03:04:05Z\n", _output.ToString(),
            StringComparison.Ordinal);
        Assert.Contains("next:  sudo smm-agent reconcile --confirm-within 120s\n", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task InvalidSettingsAreShownWithTheirLine()
    {
        Configure();
        await File.WriteAllTextAsync(_paths.Settings, "node:\n  ip: x\n", TestContext.Current.CancellationToken);

        Assert.Equal(1, await RunAsync(Options()));
        Assert.StartsWith("NOT CONFIGURED  on db-17\n", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains("agent.yaml is not valid: node.ip: line 2", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task JsonOfAStoppedDaemonIsAnObject()
    {
        Configure();

        Assert.Equal(1, await RunAsync(new StatusOptions(Format: PrintFormat.Json)));
        var status = JsonDocument.Parse(_output.ToString()).RootElement;
        Assert.Empty(Schema.Faults(status));
        Assert.Equal("not-attached", status.GetProperty("attachment").GetProperty("state").GetString());
        Assert.Equal("sudo smm-agent reconcile", status.GetProperty("attachment").GetProperty("fix").GetString());
        Assert.Equal("analytics-v0", status.GetProperty("workloadGroup").GetProperty("name").GetString());
        Assert.Equal(0, status.GetProperty("conditions").GetArrayLength());
    }

    [Theory]
    [InlineData(180, 0, "DEGRADED  vm-integration/analytics-v0  on db-17, for 6m")]
    [InlineData(181, 1, "UNKNOWN  vm-integration/analytics-v0  on db-17")]
    public async Task AStatusThatGrowsOldIsStale(int seconds, int code, string verdict)
    {
        const string Stale = "stale: written 3m ago, smm-agent is not running or hangs; sudo systemctl restart smm-agent";
        Write(Status());
        _time.Advance(TimeSpan.FromSeconds(seconds));

        Assert.Equal(code, await RunAsync(Options()));
        var lines = _output.ToString().Split('\n');
        Assert.Equal(verdict, lines[0]);
        Assert.Equal(code == 0 ? "" : $"! {Stale}; it was DEGRADED", lines[1]);
        Assert.Equal(code, await RunAsync(Options() with { Format = PrintFormat.Json }));
        Assert.Equal(code == 0 ? "" : $"{Stale}\n", _error.ToString());
    }

    [Theory]
    [InlineData("", "is not a status of smm-agent")]
    [InlineData("{}", "is not a status of smm-agent")]
    [InlineData("{\"agent\":", "is not a status of smm-agent")]
    [InlineData("null", "contains no status")]
    public async Task AnInvalidStatusFileIsReported(string content, string reason)
    {
        await File.WriteAllTextAsync(_paths.Status, content, TestContext.Current.CancellationToken);

        Assert.Equal(1, await RunAsync(Options()));
        Assert.StartsWith("UNKNOWN  on db-17\n", _output.ToString(), StringComparison.Ordinal);
        Assert.Contains(reason, _output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", _output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("deserializ", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnEndlessFileIsNotRead()
    {
        await File.WriteAllTextAsync(_paths.Status, new string(' ', 2 * 1024 * 1024), TestContext.Current.CancellationToken);

        Assert.Equal(1, await RunAsync(Options()));
        Assert.Contains("is larger than", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WaitEndsWhenTheConditionIsReached()
    {
        var waiting = RunAsync(Options() with { Wait = WaitTarget.Parse("ConfigCurrent").Value, Timeout = TimeSpan.FromSeconds(10) });
        Assert.False(waiting.IsCompleted);

        Write(Status());
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(0, await waiting);
        Assert.StartsWith("DEGRADED", _output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, null, "this VM is DEGRADED")]
    [InlineData(true, "PortsOpen", "PortsOpen is False (NotOpen)")]
    [InlineData(true, "Healthy", "Healthy is not known yet")]
    [InlineData(false, null, "the daemon does not run")]
    public async Task WaitThatTimesOutPrintsTheReason(bool isRunning, string? target, string reason)
    {
        if (isRunning)
            Write(Status());

        Assert.Equal(5, await RunAsync(Options() with { Wait = WaitTarget.Parse(target).Value, Timeout = TimeSpan.Zero }));
        Assert.Equal($"smm-agent: timed out after 0s: {reason}\n", _error.ToString());
    }

    [Theory]
    [InlineData("condition=registered", "Registered", "True")]
    [InlineData("PortsOpen=false", "PortsOpen", "False")]
    public void TargetOfAWaitIsWrittenAsForKubectl(string text, string condition, string status) =>
        Assert.Equal((new WaitTarget(condition, status), null), WaitTarget.Parse(text));

    [Fact]
    public async Task WatchingShowsEveryChangeUntilItIsCancelled()
    {
        using var cancel = new CancellationTokenSource();
        var watching = RunAsync(new StatusOptions(Format: PrintFormat.Json, Watch: true), cancel.Token);
        Assert.Contains("\"not-configured\"", _output.ToString(), StringComparison.Ordinal);

        Write(Status());
        _time.Advance(TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(1));
        await cancel.CancelAsync();

        Assert.Equal(0, await watching);
        Assert.Equal(3, _output.ToString().Split("\"updatedAt\"").Length);
    }

    private Task<int> RunAsync(StatusOptions options, CancellationToken? cancel = null) =>
        StatusCommand.RunAsync(_paths, options, _output, _error, _time, cancel ?? TestContext.Current.CancellationToken);

    private static StatusOptions Options() => new() { Host = "db-17" };

    private void Configure()
    {
        Directory.CreateDirectory(_paths.ConfigDirectory);
        File.WriteAllText(
            _paths.Settings,
            "dashboard:\n  url: https://smm.example.com\nworkloadGroup:\n  namespace: vm-integration\n  name: analytics-v0\n");
        File.WriteAllText(_paths.BearerToken, "token");
    }

    private void Write(AgentStatus status) =>
        File.WriteAllBytes(_paths.Status, JsonSerializer.SerializeToUtf8Bytes(status, StatusJson.Default.AgentStatus));

    private AgentStatus Status() => new()
    {
        Agent = new AgentInfo("0.1.0", new Guid("0327b100-a008-4364-a2b3-7d1777bb5b9a")),
        Attachment = new("degraded", _time.GetUtcNow().AddMinutes(-3), "PortsOpen", "NotOpen", "8080 is closed",
            "sudo smm-agent reconcile"),
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
            Condition(ConditionType.PortsOpen, "False", "NotOpen", "8080\e[31m is closed: sudo smm-agent reconcile"),
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
