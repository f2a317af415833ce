using SmmAgent.Core.Planning;
using SmmAgent.Host;
using SmmAgent.Linux.State;

namespace SmmAgent.Tests.Host.Reconcile;

/// <summary>What a reconcile needs in /etc/smm.</summary>
public sealed class ReconcileSettingsTests : HostReconcilerFixture
{
    [Fact]
    public async Task WithoutAgentYamlNothingIsChanged()
    {
        File.Delete(Stage.Paths.Settings);

        Assert.Equal(ExitCode.Usage, await RunAsync());

        Assert.Empty(Stage.Calls);
        Assert.Contains($"✗ {Stage.Paths.Settings} does not exist yet", Stage.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnInvalidAgentYamlChangesNothing()
    {
        await File.WriteAllTextAsync(Stage.Paths.Settings, "dashboard: {url: smm}\n", Cancel);

        Assert.Equal(ExitCode.Usage, await RunAsync());

        Assert.Empty(Stage.Calls);
        Assert.Contains($"✗ {Stage.Paths.Settings}: ", Stage.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("uuid: 0327b100-a008-4364-a2b3-7d1777bb5b9a\n", "no dashboard is set")]
    [InlineData("dashboard:\n  url: https://smm.example.com\n", "no WorkloadGroup is set")]
    public async Task AMissingSettingChangesNothing(string yaml, string message)
    {
        await File.WriteAllTextAsync(Stage.Paths.Settings, yaml, Cancel);

        Assert.Equal(ExitCode.Usage, await RunAsync());

        Assert.Empty(Stage.Calls);
        Assert.Contains(message, Stage.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMissingTokenChangesNothing()
    {
        File.Delete(Stage.Paths.BearerToken);

        Assert.Equal(ExitCode.Usage, await RunAsync());

        Assert.Empty(Stage.Calls);
    }

    [Fact]
    public async Task ThePrivilegedServiceOfAHostThatIsNotConfiguredSucceeds()
    {
        await File.WriteAllTextAsync(Stage.Paths.Settings, "\n", Cancel);

        Assert.Equal(ExitCode.Done, await RunAsync(new ReconcileOptions { HostOnly = true }));

        Assert.Equal(["firewall apply"], Stage.Calls);
        Assert.Equal(StepOwner.Root, Stage.Firewall.Owner);
        Assert.Contains("! no dashboard or no WorkloadGroup is set yet", Stage.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMissingUuidIsWrittenBeforeTheDashboardIsAsked()
    {
        Stage.WriteSettings(uuid: "");
        var hadUuid = false;
        Stage.Record.During["fetch mesh configuration"] = () => hadUuid =
            SettingsFile.Load(Stage.Paths.Settings).Reading.Settings?.Uuid is not null;

        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.True(hadUuid);
        Assert.Contains("✓ uuid not present in config file, new uuid is generated uuid=", Stage.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ThePrivilegedServiceGeneratesNoUuid()
    {
        Stage.WriteSettings(uuid: "");
        var before = await File.ReadAllTextAsync(Stage.Paths.Settings, Cancel);

        await RunAsync(new ReconcileOptions { HostOnly = true });

        Assert.Equal(before, await File.ReadAllTextAsync(Stage.Paths.Settings, Cancel));
    }
}
