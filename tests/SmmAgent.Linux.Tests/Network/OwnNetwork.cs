using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace SmmAgent.Linux.Tests.Network;

/// <summary>Runs a test on a thread that has a network namespace of its own, empty and gone with the thread.</summary>
internal static partial class OwnNetwork
{
    private const int NewNetwork = 0x40000000;

    private static readonly Lazy<bool> IsAvailable = new(() =>
    {
        var isAllowed = false;
        var thread = new Thread(() => isAllowed = unshare(NewNetwork) == 0);
        thread.Start();
        thread.Join();
        return isAllowed;
    });

    public static void SkipUnlessAvailable() => Assert.SkipUnless(IsAvailable.Value, "needs the right to make a network namespace (root)");

    /// <summary>All of the work and its continuations run on the one thread, so every socket is made in the namespace.</summary>
    public static Task RunAsync(Func<Task> work)
    {
        var result = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var thread = new Thread(() =>
        {
            try
            {
                if (unshare(NewNetwork) != 0)
                    throw new InvalidOperationException($"unshare: errno {Marshal.GetLastPInvokeError()}");

                using var queue = new ContinuationQueue();
                SynchronizationContext.SetSynchronizationContext(queue);
                var task = work();
                task.ContinueWith(_ => queue.End(), TaskScheduler.Default);
                queue.Run();
                task.GetAwaiter().GetResult();
                result.SetResult();
            }
            catch (Exception exception)
            {
                result.SetException(exception);
            }
        })
        { IsBackground = true };
        thread.Start();
        return result.Task;
    }

    /// <summary>Runs <c>ip</c> in the namespace of the calling thread.</summary>
    public static void Ip(string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("ip", arguments.Split(' ')))!;
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"ip {arguments} ended with {process.ExitCode}");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);

    private sealed class ContinuationQueue : SynchronizationContext, IDisposable
    {
        private readonly BlockingCollection<(SendOrPostCallback Callback, object? State)> _queue = [];

        public override void Post(SendOrPostCallback d, object? state) => _queue.Add((d, state));

        public void End() => _queue.CompleteAdding();

        public void Run()
        {
            foreach (var (callback, state) in _queue.GetConsumingEnumerable())
                callback(state);
        }

        public void Dispose() => _queue.Dispose();
    }
}
