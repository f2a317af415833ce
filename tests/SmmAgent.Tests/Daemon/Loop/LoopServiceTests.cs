using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using SmmAgent.Daemon.Loop;

namespace SmmAgent.Tests.Daemon.Loop;

public sealed class LoopServiceTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);
    private readonly LoopContext _context;

    public LoopServiceTests() => _context = new(_time, new LoopProgress(_time), new ProcessFault(_lifetime));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AFaultInAStepStopsTheHostAndIsKeptAsTheReason()
    {
        using var loop = new Steps(_context, _ => throw new InvalidOperationException("a bug"));

        await loop.StartAsync(Cancel);
        await loop.ExecuteTask!.WaitAsync(Cancel);

        Assert.Equal(("Steps", "a bug"), (_context.Fault.First!.Value.Loop, _context.Fault.First.Value.Exception.Message));
        Assert.True(_lifetime.ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public async Task TheFirstOfTwoFaultsIsTheReason()
    {
        _context.Fault.Report("first", new IOException("one"));
        using var loop = new Steps(_context, _ => throw new IOException("two"));

        await loop.StartAsync(Cancel);
        await loop.ExecuteTask!.WaitAsync(Cancel);

        Assert.Equal("first", _context.Fault.First!.Value.Loop);
    }

    [Fact]
    public async Task AStopIsNoFault()
    {
        using var loop = new Steps(_context, _ => TimeSpan.FromHours(1));
        await loop.StartAsync(Cancel);
        await loop.StepDoneAsync();

        await loop.StopAsync(Cancel);

        Assert.Null(_context.Fault.First);
        Assert.False(_lifetime.ApplicationStopping.IsCancellationRequested);
    }

    [Fact]
    public async Task ManySignalsBeforeAStepAreOneStep()
    {
        using var loop = new Steps(_context, _ => TimeSpan.FromHours(1));
        await loop.StartAsync(Cancel);
        await loop.StepDoneAsync();

        loop.Hold(() =>
        {
            for (var i = 0; i < 100; i++)
                loop.Signal.Set();
        });
        await loop.StepDoneAsync();
        await loop.StopAsync(Cancel);

        // The first of the hundred signals may have started a step before the others were set; these cause one more step.
        Assert.InRange(loop.Count, 2, 3);
    }

    [Fact]
    public async Task StepRunsAfterTheIntervalWithoutASignal()
    {
        using var loop = new Steps(_context, _ => TimeSpan.FromMinutes(1));
        await loop.StartAsync(Cancel);
        await loop.StepDoneAsync();

        // The timer is set some time after the step; before that, moving the clock has no effect.
        while (loop.Count < 2)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            await Task.Yield();
        }

        await loop.StopAsync(Cancel);
    }

    [Fact]
    public void AStepThatTakesLongerThanItsBudgetCountsAsHungUntilItEnds()
    {
        using (_context.Progress.Working("Slow", TimeSpan.FromSeconds(10)))
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            Assert.Empty(_context.Progress.Hung());
            _time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(["Slow"], _context.Progress.Hung());
        }

        Assert.Empty(_context.Progress.Hung());
    }

    private sealed class Steps(LoopContext context, Func<int, TimeSpan> step) : LoopService(context)
    {
        private readonly SemaphoreSlim _done = new(0);
        private readonly SemaphoreSlim _gate = new(1);

        public int Count { get; private set; }

        public override async Task<TimeSpan> StepAsync(CancellationToken cancel)
        {
            await _gate.WaitAsync(cancel);
            try
            {
                return step(++Count);
            }
            finally
            {
                _gate.Release();
                _done.Release();
            }
        }

        /// <summary>Runs an action while no step runs.</summary>
        public void Hold(Action action)
        {
            _gate.Wait();
            action();
            _gate.Release();
        }

        public Task StepDoneAsync() => _done.WaitAsync(Cancel);

        public override void Dispose()
        {
            _done.Dispose();
            _gate.Dispose();
            base.Dispose();
        }
    }
}
