using NSubstitute;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Host;
using SmmAgent.Host.Reconcile;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Tests.Host;

/// <summary>At boot the sidecar of a copied machine waits until it has a configuration of its own.</summary>
public sealed class SidecarHoldTests : IDisposable
{
    private const string Unit = "istio.service";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-hold");
    private readonly StringWriter _output = new();
    private readonly IUnits _units = Substitute.For<IUnits>();
    private readonly AgentPaths _paths;

    public SidecarHoldTests()
    {
        _paths = new(_folder.FullName);
        Directory.CreateDirectory(_paths.HostStateDirectory);
        File.WriteAllText(_paths.BeforeAttach, "{}");
        ItIs("inactive");
        StopEnds("done");
    }

    public void Dispose()
    {
        _units.Dispose();
        _output.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task WithoutAClusterEnvItsQueuedStartIsCancelled()
    {
        Assert.True(await HoldAsync());

        await _units.Received(1).RunAsync(UnitJob.Stop, Unit, Arg.Any<TimeSpan>(), Arg.Any<CancellationToken>());
        Assert.Equal($"✓ the sidecar is not started before {SidecarFiles.ClusterEnvironment} is written\n", _output.ToString());
    }

    [Theory]
    [InlineData(SidecarFiles.ClusterEnvironment)]
    [InlineData(SidecarFiles.PackageClusterEnvironment)]
    public async Task WithAClusterEnvItIsStarted(string path)
    {
        var file = _folder.FullName + path;
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, "");

        await IsLeftAloneAsync();
    }

    [Fact]
    public async Task OneThatRunsIsNotStopped()
    {
        ItIs("active");

        await IsLeftAloneAsync();
    }

    [Fact]
    public async Task OneThatTheAgentNeverAttachedIsNotStopped()
    {
        File.Delete(_paths.BeforeAttach);

        await IsLeftAloneAsync();
    }

    [Fact]
    public async Task AStartThatCannotBeCancelledIsReported()
    {
        StopEnds("timeout");

        Assert.False(await HoldAsync());

        Assert.Contains("its start could not be held back: istio.service did not stop", _output.ToString(), StringComparison.Ordinal);
    }

    private async Task IsLeftAloneAsync()
    {
        Assert.False(await HoldAsync());

        await _units.DidNotReceiveWithAnyArgs().RunAsync(default, "", default, default);
        Assert.Empty(_output.ToString());
    }

    private void ItIs(string active) => _units.ObserveUnit(Unit).Returns(State(active));

    private void StopEnds(string result) => _units.RunAsync(UnitJob.Stop, Unit, Arg.Any<TimeSpan>(), Arg.Any<CancellationToken>())
        .Returns(new JobOutcome(UnitJob.Stop, result, State("inactive"), TimeSpan.FromSeconds(1)));

    private static UnitState State(string active) => new(Unit, "loaded", active, "dead", "enabled");

    private Task<bool> HoldAsync() => new SidecarReconciliation(_paths, new ReconcileOptions { HostOnly = true }, _units, new Progress(_output, colour: false))
        .HoldUnconfiguredAsync(TestContext.Current.CancellationToken);
}
