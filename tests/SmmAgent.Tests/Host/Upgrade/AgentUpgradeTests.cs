using System.Text.Json.Nodes;
using SmmAgent.Contract;
using SmmAgent.Contract.Signing;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Host;
using SmmAgent.Host.Upgrade;
using SmmAgent.Linux.Sidecar;
using SmmAgent.Tests.Host.Fakes;

namespace SmmAgent.Tests.Host.Upgrade;

/// <summary>The upgrade of the agent: when it is chosen, and each way in which it fails.</summary>
public sealed class AgentUpgradeTests : IDisposable
{
    private static readonly PackageHost Debian = new(
        PackageFormat.Deb, "amd64", SourceIsTrusted: true, new([PackageSigningKey.New().Public], AllowsUnsignedSidecar: false, []));

    private readonly HostFixture _host = new();

    public AgentUpgradeTests() => _host.Sidecar.AgentVersion = "0.1.0";

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task ANewerPackageIsInstalledAndNeverAnOlderOne()
    {
        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.Equal(["install smm-agent 0.2.0"], _host.Calls);
        Assert.Contains("✓ ", _host.Output, StringComparison.Ordinal);
        Assert.Null(new SidecarRecords(_host.Paths).Report());
    }

    [Theory]
    [InlineData("0.2.0")]
    [InlineData("0.3.0")]
    public async Task APackageThatIsNotNewerIsNotInstalled(string installed)
    {
        _host.Sidecar.AgentVersion = installed;

        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.Empty(_host.Calls);
        Assert.Empty(_host.Output);
    }

    [Fact]
    public async Task AnAgentWithoutAPackageIsNotUpgraded()
    {
        _host.Sidecar.AgentVersion = null;

        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.Empty(_host.Calls);
    }

    [Fact]
    public async Task TheAgentIsNotUpgradedWhileAChangeWaitsForItsConfirmation()
    {
        Assert.Equal(ExitCode.Done, await RunAsync(waitsForConfirmation: true));
        new SidecarRecords(_host.Paths).BeginConfirm(FakeSidecar.Before(null));
        Assert.Equal(ExitCode.Done, await RunAsync());

        Assert.Empty(_host.Calls);
    }

    [Fact]
    public async Task TheAgentIsNotUpgradedWhereTheOperatorSwitchedThatOff()
    {
        Assert.Equal(ExitCode.Done, await RunAsync(selfUpgrade: false));

        Assert.Empty(_host.Calls);
    }

    [Fact]
    public async Task WithoutATrustedKeyTheAgentWarnsAndStaysAsItIs()
    {
        Assert.Equal(ExitCode.Done, await RunAsync(packages: Debian with { Trust = new([], AllowsUnsignedSidecar: false, []) }));

        Assert.Empty(_host.Calls);
        Assert.StartsWith("! ", _host.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFailureIsReportedToTheDaemonUntilAnUpgradeSucceeds()
    {
        var failure = new StepFailure(ReconcilePart.Upgrade, "0.2.0", StepFailureReason.NotWritten, "the disk is full");
        _host.Sidecar.InstallFailure = failure;

        Assert.Equal(ExitCode.Failed, await RunAsync());
        Assert.Equal([failure], new SidecarRecords(_host.Paths).Report()!.Failures);
        Assert.EndsWith(": the disk is full\n", _host.Output, StringComparison.Ordinal);

        _host.Sidecar.InstallFailure = null;
        Assert.Equal(ExitCode.Done, await RunAsync());
        Assert.Empty(new SidecarRecords(_host.Paths).Report()!.Failures);
    }

    private Task<int> RunAsync(bool waitsForConfirmation = false, bool selfUpgrade = true, PackageHost? packages = null)
    {
        var config = Sample.Config();
        config["packages"] = new JsonArray(new JsonObject
        {
            ["name"] = "smm-agent",
            ["version"] = "0.2.0",
            ["format"] = "deb",
            ["architecture"] = "amd64",
            ["path"] = "/packages/smm-agent.deb",
            ["sha256"] = new string('a', 64),
        });
        var reading = MeshConfigReader.Read(System.Text.Encoding.UTF8.GetBytes(config.ToJsonString()));
        var inputs = new SidecarInputs(
            new AgentSettings { SelfUpgrade = selfUpgrade, DashboardUrl = HostFixture.Target.Url }, reading.Value!, null, "vm",
            packages ?? Debian);
        return new AgentUpgrade(_host.Context, waitsForConfirmation).RunAsync(inputs, _host.Sidecar, TestContext.Current.CancellationToken);
    }
}
