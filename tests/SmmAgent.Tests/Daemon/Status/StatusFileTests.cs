using System.Net;
using SmmAgent.Core.Address;
using SmmAgent.Core.Conditions;

namespace SmmAgent.Tests.Daemon.Status;

/// <summary>status.json of the status service.</summary>
public sealed class StatusFileTests : StatusServiceFixture
{
    [Fact]
    public async Task FileIsReadableByEveryoneAlsoIfTheDirectoryWasMissing()
    {
        await Step();

        Assert.Equal("0644", Mode(_paths.Status));
        Assert.Equal("0755", Mode(_paths.RuntimeDirectory));
        Assert.Equal(_time.GetUtcNow(), Written().UpdatedAt);
        Assert.Equal([_paths.Status], Directory.GetFiles(_paths.RuntimeDirectory));
    }

    [Fact]
    public async Task FileIsWrittenOnAChangeAndOnceAMinute()
    {
        await Step();
        var start = _time.GetUtcNow();

        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(TimeSpan.FromSeconds(1), await Step());
        Assert.Equal(start, Written().UpdatedAt);

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(TimeSpan.FromSeconds(10), await Step());
        Assert.Equal(start.AddSeconds(60), Written().UpdatedAt);

        _time.Advance(TimeSpan.FromSeconds(1));
        _states.Address.Publish(new AddressState(
            new ExternalAddress(IPAddress.Parse("3.67.91.181"), "configured"),
                ConditionUpdate.True(ConditionType.AddressKnown, "Configured", "")));
        await Step();
        Assert.Equal((start.AddSeconds(61), "3.67.91.181"), (Written().UpdatedAt, Written().Address!.Value));
    }

    [Fact]
    public async Task UnwritableFileIsOneWarningAndTheAgentContinues()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_paths.RuntimeDirectory)!);
        await File.WriteAllTextAsync(_paths.RuntimeDirectory, "a file where the directory should be",
            TestContext.Current.CancellationToken);

        await Step();
        await Step();

        Assert.True(_service.IsReady);
        var line = Assert.Single(_log.Lines, line => line.StartsWith("Warning", StringComparison.Ordinal));
        Assert.Contains($"Cannot write {_paths.Status}: ", line, StringComparison.Ordinal);

        File.Delete(_paths.RuntimeDirectory);
        await Step();
        Assert.Equal($"Information: {_paths.Status} is written again", _log.Lines[^1]);
        Assert.NotNull(Written());
    }

    [Fact]
    public async Task StopRemovesTheFile()
    {
        await _service.StartAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("READY=1", Receive(), StringComparison.Ordinal);
        Assert.Equal("WATCHDOG=1", Receive());

        await _service.StopAsync(TestContext.Current.CancellationToken);
        Assert.False(File.Exists(_paths.Status));
    }
}
