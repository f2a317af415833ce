using System.Text.Json;
using SmmAgent.Cli.Output;
using SmmAgent.Cli;
using SmmAgent.Host.Rollback;

namespace SmmAgent.Tests.Cli;

/// <summary><c>smm-agent status</c> on a host whose daemon does not run.</summary>
public sealed class StoppedHostStatusTests : StatusFixture
{
    private static readonly JsonSchema Schema = JsonSchema.Read(Repository.PathOf("docs", "status.schema.json"));

    [Fact]
    public async Task FreshHostShowsTheFirstSteps()
    {
        Assert.Equal(1, await RunAsync(Options()));
        Assert.Equal(
            """
            NOT CONFIGURED  on db-17
              this host is not configured yet
              next:  sudo smm-agent set dashboard-url URL
                     sudo smm-agent set workload-group NAMESPACE/NAME
                     sudo smm-agent set bearer-token --stdin
                     sudo smm-agent reconcile

            """,
            Output.ToString());
        Assert.Equal("", Error.ToString());
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
            Output.ToString());
    }

    [Fact]
    public async Task StoppedDaemonIsStarted()
    {
        Configure();
        var wants = Path.Combine(Folder, "etc/systemd/system/multi-user.target.wants");
        Directory.CreateDirectory(wants);
        File.CreateSymbolicLink(Path.Combine(wants, "smm-agent.service"), "/nowhere/smm-agent.service");

        Assert.Equal(1, await RunAsync(Options()));
        Assert.StartsWith("UNKNOWN  vm-integration/analytics-v0  on db-17\n", Output.ToString(), StringComparison.Ordinal);
        Assert.Contains("next:  sudo systemctl start smm-agent\n", Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RolledBackHostIsReconciledWithAConfirmationNext()
    {
        Configure();
        new ConfirmationNote(IsRolledBack: true, Time.GetUtcNow()).Write(Paths);

        Assert.Equal(1, await RunAsync(Options()));
        Assert.Contains("the last reconcile was not confirmed and was rolled back at 2026-01-02T03:04:05Z\n", Output.ToString(),
            StringComparison.Ordinal);
        Assert.Contains("next:  sudo smm-agent reconcile --confirm-within 120s\n", Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task InvalidSettingsAreShownWithTheirLine()
    {
        Configure();
        await File.WriteAllTextAsync(Paths.Settings, "node:\n  ip: x\n", TestContext.Current.CancellationToken);

        Assert.Equal(1, await RunAsync(Options()));
        Assert.StartsWith("NOT CONFIGURED  on db-17\n", Output.ToString(), StringComparison.Ordinal);
        Assert.Contains("agent.yaml is not valid: node.ip: line 2", Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task JsonOfAStoppedDaemonIsAnObject()
    {
        Configure();

        Assert.Equal(1, await RunAsync(new StatusOptions(Format: PrintFormat.Json)));
        var status = JsonDocument.Parse(Output.ToString()).RootElement;
        Assert.Empty(Schema.Faults(status));
        Assert.Equal("not-attached", status.GetProperty("attachment").GetProperty("state").GetString());
        Assert.Equal("sudo smm-agent reconcile", status.GetProperty("attachment").GetProperty("fix").GetString());
        Assert.Equal("analytics-v0", status.GetProperty("workloadGroup").GetProperty("name").GetString());
        Assert.Equal(0, status.GetProperty("conditions").GetArrayLength());
    }
}
