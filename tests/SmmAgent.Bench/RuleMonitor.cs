using System.Diagnostics;
using SmmAgent.Testbed;

namespace SmmAgent.Bench;

/// <summary>Reports when the kernel adds rules, with <c>nft monitor</c>: polling would use the measured processor.</summary>
internal sealed class RuleMonitor : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Lock _lock = new();
    private string _part = "";
    private TaskCompletionSource _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private RuleMonitor(MeshTestbed testbed)
    {
        var command = testbed.Vm.Inside("nft", "monitor", "new", "rules");
        _process = Process.Start(new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true })!;
        _process.OutputDataReceived += (_, line) => See(line.Data ?? "");
        _process.BeginOutputReadLine();
    }

    /// <summary>Starts the monitor, and waits until it reports changes.</summary>
    public static async Task<RuleMonitor> StartAsync(MeshTestbed testbed)
    {
        var monitor = new RuleMonitor(testbed);
        try
        {
            var seen = monitor.Expect("add rule ip probe rules");
            testbed.Vm.Run("nft", "add table ip probe; add chain ip probe rules");
            while (!seen.IsCompleted)
            {
                testbed.Vm.Run("nft", "add rule ip probe rules accept");
                await Task.WhenAny(seen, Task.Delay(100));
            }

            testbed.Vm.Run("nft", "delete", "table", "ip", "probe");
            return monitor;
        }
        catch
        {
            await monitor.DisposeAsync();
            throw;
        }
    }

    /// <summary>The time from the start of a change to the first rule with a text that the kernel reports afterwards.</summary>
    public async Task<double> TimeAsync(string part, Action change)
    {
        var seen = Expect(part);
        var watch = Stopwatch.StartNew();
        change();
        await seen.WaitAsync(TimeSpan.FromSeconds(30));
        return watch.Elapsed.TotalMilliseconds;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private Task Expect(string part)
    {
        lock (_lock)
        {
            (_part, _seen) = (part, new(TaskCreationOptions.RunContinuationsAsynchronously));
            return _seen.Task;
        }
    }

    private void See(string line)
    {
        lock (_lock)
        {
            if (line.Contains(_part, StringComparison.Ordinal))
                _seen.TrySetResult();
        }
    }
}
