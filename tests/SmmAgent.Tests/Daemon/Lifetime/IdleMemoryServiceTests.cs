using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using SmmAgent.Core.Time;
using SmmAgent.Daemon.Lifetime;
using SmmAgent.Daemon.Loop;

namespace SmmAgent.Tests.Daemon.Lifetime;

public sealed class IdleMemoryServiceTests : IAsyncDisposable
{
    private const long MiB = 1024 * 1024;

    private readonly WatchedTime _time = new();
    private readonly IdleMemoryService _service;
    private long _bytes = 30 * MiB;
    private int _returns;
    private int _readings;
    private Action? _collected;

    public IdleMemoryServiceTests()
    {
        var lifetime = new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance);
        var memory = new MemorySource(Read, GiveBack, collected => _collected = collected);
        _service = new(new(_time, new LoopProgress(_time), new ProcessFault(lifetime)), memory);
    }

    public async ValueTask DisposeAsync()
    {
        await _service.StopAsync(CancellationToken.None);
        _service.Dispose();
    }

    [Fact]
    public async Task MemoryIsReturnedAfterTheStartAndThenEveryTenMinutes()
    {
        await StartAsync();
        Assert.Equal(1, _returns);

        _time.Advance(IdleMemoryService.Interval);

        Assert.Equal(IdleMemoryService.Interval, await _time.NextWaitAsync());
        Assert.Equal(2, _returns);
    }

    [Fact]
    public async Task MemoryIsReturnedWithinAMinuteAfterTheHeapGrew()
    {
        await StartAsync();

        _bytes = 20 * MiB;
        _collected!();

        Assert.Equal(MemoryPacing.Interval, await _time.NextWaitAsync());
        Assert.Equal(1, _returns);
        _time.Advance(MemoryPacing.Interval);
        await _time.NextWaitAsync();
        Assert.Equal((2, 10 * MiB), (_returns, _bytes));
    }

    [Fact]
    public async Task LaterGrowthIsReturnedAfterAShortPause()
    {
        await StartAsync();
        _time.Advance(MemoryPacing.Interval);

        _bytes = 20 * MiB;
        _collected!();

        Assert.Equal(MemoryPacing.Quiet, await _time.NextWaitAsync());
        _time.Advance(MemoryPacing.Quiet);
        await _time.NextWaitAsync();
        Assert.Equal(2, _returns);
    }

    [Fact]
    public async Task CollectionWithoutGrowthReturnsNothing()
    {
        await StartAsync();

        _bytes += MemoryPacing.Growth - 1;
        _collected!();

        Assert.Equal(IdleMemoryService.Interval, await _time.NextWaitAsync());
        Assert.Equal(1, _returns);
    }

    [Fact]
    public async Task IdleProcessIsNotWoken()
    {
        await StartAsync();
        var readings = _readings;

        _time.Advance(IdleMemoryService.Interval - TimeSpan.FromSeconds(1));

        Assert.Equal((1, readings), (_returns, _readings));
    }

    // The first step is done when it waits for the next one.
    private async Task StartAsync()
    {
        await _service.StartAsync(TestContext.Current.CancellationToken);
        Assert.Equal(IdleMemoryService.AfterStart, await _time.NextWaitAsync());
        Assert.Equal(0, _returns);
        _time.Advance(IdleMemoryService.AfterStart);
        Assert.Equal(IdleMemoryService.Interval, await _time.NextWaitAsync());
    }

    private long Read()
    {
        _readings++;
        return _bytes;
    }

    private void GiveBack()
    {
        _returns++;
        _bytes = 10 * MiB;
    }
}
