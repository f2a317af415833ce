using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Tests.Host.Fakes;
using SmmAgent.Host.Reconcile;

namespace SmmAgent.Tests.Host.Reconcile;

/// <summary>At boot the sidecar of a copied machine waits until it has a configuration of its own.</summary>
public sealed class SidecarHoldTests : IDisposable
{
    private const string Unit = "istio.service";

    private readonly HostFixture _host = new();
    private readonly AgentPaths _paths;

    public SidecarHoldTests()
    {
        _paths = _host.Paths;
        Directory.CreateDirectory(_paths.HostStateDirectory);
        File.WriteAllText(_paths.BeforeAttach, "{}");
    }

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task TheQueuedStartIsCancelledWithoutAClusterEnv()
    {
        Assert.True(await HoldAsync());

        Assert.Equal(["stop istio.service"], _host.Calls);
        Assert.Equal($"✓ the sidecar is not started before {SidecarFiles.ClusterEnvironment} is written\n", _host.Output);
    }

    [Theory]
    [InlineData(SidecarFiles.ClusterEnvironment)]
    [InlineData(SidecarFiles.PackageClusterEnvironment)]
    public async Task TheSidecarIsStartedWithAClusterEnv(string path)
    {
        var file = _paths.Root + path;
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, "");

        await IsLeftAloneAsync();
    }

    [Fact]
    public async Task ARunningSidecarIsNotStopped()
    {
        _host.Units.Set(Unit, "active");

        await IsLeftAloneAsync();
    }

    [Fact]
    public async Task ASidecarThatTheAgentNeverAttachedIsNotStopped()
    {
        File.Delete(_paths.BeforeAttach);

        await IsLeftAloneAsync();
    }

    [Fact]
    public async Task AStartThatCannotBeCancelledIsReported()
    {
        _host.Units.Results["stop istio.service"] = "timeout";

        Assert.False(await HoldAsync());

        Assert.Contains("its start could not be held back: istio.service did not stop", _host.Output, StringComparison.Ordinal);
    }

    private async Task IsLeftAloneAsync()
    {
        Assert.False(await HoldAsync());

        Assert.Empty(_host.Calls);
        Assert.Empty(_host.Output);
    }

    private Task<bool> HoldAsync() => new SidecarBoot(_host.Context).HoldUnconfiguredAsync(TestContext.Current.CancellationToken);
}
