using System.Text.Json;
using SmmAgent.Cli.Output;
using SmmAgent.Cli;
using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Status;

namespace SmmAgent.Tests.Cli;

/// <summary><c>smm-agent status</c> prints a status.json of any content.</summary>
public sealed class StatusFileOutputTests : StatusFixture
{
    private static readonly JsonSchema Schema = JsonSchema.Read(Repository.PathOf("docs", "status.schema.json"));

    [Fact]
    public async Task TheJsonHasTheMembersOfTheFileAndPlainTimes()
    {
        Write(Status());

        Assert.Equal(0, await RunAsync(new StatusOptions(Format: PrintFormat.Json)));
        Assert.Empty(Schema.Faults(JsonDocument.Parse(Output.ToString()).RootElement));
        var file = await File.ReadAllTextAsync(Paths.Status, TestContext.Current.CancellationToken);
        Assert.Equal(file.Replace("+00:00", "Z", StringComparison.Ordinal) + "\n", Output.ToString());
    }

    [Fact]
    public async Task TimesArePrintedInUtcWithoutFractions()
    {
        Write(Status() with { UpdatedAt = new DateTimeOffset(2026, 1, 2, 5, 4, 5, 678, TimeSpan.FromHours(2)) });

        Assert.Equal(0, await RunAsync(new StatusOptions(Format: PrintFormat.Json)));
        Assert.Contains("\"updatedAt\": \"2026-01-02T03:04:05Z\"", Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheYamlHasTheMembersOfTheJson()
    {
        Write(Status());

        Assert.Equal(0, await RunAsync(new StatusOptions(Format: PrintFormat.Yaml)));
        Assert.StartsWith("agent:\n  version: \"0.1.0\"\n", Output.ToString(), StringComparison.Ordinal);
        Assert.Contains("\nconditions:\n- type: ConfigCurrent\n  status: \"True\"\n", Output.ToString(), StringComparison.Ordinal);
        Assert.Contains("\nupdatedAt: \"2026-01-02T03:04:05Z\"\n", Output.ToString(), StringComparison.Ordinal);
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
            Sidecar = new(Evil, true, true, Time.GetUtcNow()),
            Conditions = [condition],
        };
        // The user of the daemon may write any content: JSON allows C1 control characters unescaped.
        var text = System.Text.Encoding.UTF8.GetString(StatusJson.Write(status));
        await File.WriteAllTextAsync(
            Paths.Status, text.Replace("\\u009B", "\u009b", StringComparison.Ordinal), TestContext.Current.CancellationToken);

        Assert.Equal(0, await RunAsync(new StatusOptions(Format: json ? PrintFormat.Json : PrintFormat.Text)));
        Assert.Contains("[2J", Output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Output.ToString(), c => char.IsControl(c) && c != '\n');
    }

    [Theory]
    [InlineData(PrintFormat.Json)]
    [InlineData(PrintFormat.Yaml)]
    public async Task TextThatIsNotUnicodeIsReplaced(PrintFormat format)
    {
        var text = System.Text.Encoding.UTF8.GetString(StatusJson.Write(Status()));
        await File.WriteAllTextAsync(
            Paths.Status,
            text.Insert(text.IndexOf('{', StringComparison.Ordinal) + 1, """ "x": "a\udc00b\\ud800c 2026-01-02T03:04:05.123+02:00", """),
            TestContext.Current.CancellationToken);

        Assert.Equal(0, await RunAsync(new StatusOptions(Format: format)));
        Assert.Contains(format == PrintFormat.Json ? "a\ufffdb" : @"a\uFFFDb", Output.ToString(), StringComparison.Ordinal);
        Assert.Contains("ud800c 2026-01-02T03:04:05.123+02:00", Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void TimesInTheFileHaveNoFractions()
    {
        var status = Status() with { UpdatedAt = new DateTimeOffset(2026, 1, 2, 5, 4, 5, 678, TimeSpan.FromHours(2)) };

        Assert.Contains(
            "\"updatedAt\": \"2026-01-02T03:04:05Z\"", System.Text.Encoding.UTF8.GetString(StatusJson.Write(status)),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(180, 0, "DEGRADED  vm-integration/analytics-v0  on db-17, for 6m")]
    [InlineData(181, 1, "UNKNOWN  vm-integration/analytics-v0  on db-17")]
    public async Task AStatusThatGrowsOldIsStale(int seconds, int code, string verdict)
    {
        const string Stale = "stale: written 3m ago, smm-agent is not running or hangs; sudo systemctl restart smm-agent";
        Write(Status());
        Time.Advance(TimeSpan.FromSeconds(seconds));

        Assert.Equal(code, await RunAsync(Options()));
        var lines = Output.ToString().Split('\n');
        Assert.Equal(verdict, lines[0]);
        Assert.Equal(code == 0 ? "" : $"! {Stale}; it was DEGRADED", lines[1]);
        Assert.Equal(code, await RunAsync(Options() with { Format = PrintFormat.Json }));
        Assert.Equal(code == 0 ? "" : $"{Stale}\n", Error.ToString());
    }

    [Theory]
    [InlineData("", "is not a status of smm-agent")]
    [InlineData("{}", "is not a status of smm-agent")]
    [InlineData("{\"agent\":", "is not a status of smm-agent")]
    [InlineData("null", "contains no status")]
    public async Task AnInvalidStatusFileIsReported(string content, string reason)
    {
        await File.WriteAllTextAsync(Paths.Status, content, TestContext.Current.CancellationToken);

        Assert.Equal(1, await RunAsync(Options()));
        Assert.StartsWith("UNKNOWN  on db-17\n", Output.ToString(), StringComparison.Ordinal);
        Assert.Contains(reason, Output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", Output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("deserializ", Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnEndlessFileIsNotRead()
    {
        await File.WriteAllTextAsync(Paths.Status, new string(' ', 2 * 1024 * 1024), TestContext.Current.CancellationToken);

        Assert.Equal(1, await RunAsync(Options()));
        Assert.Contains("is larger than", Output.ToString(), StringComparison.Ordinal);
    }
}
