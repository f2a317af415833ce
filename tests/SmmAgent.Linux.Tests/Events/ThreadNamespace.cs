using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SmmAgent.Linux.Commands;

namespace SmmAgent.Linux.Tests.Events;

/// <summary>A network namespace of the test's own. It is gone when nothing uses it any more.</summary>
/// <remarks>Needs root; its tests need the Debian packages util-linux (nsenter), iproute2, iptables and nftables.</remarks>
internal sealed partial class ThreadNamespace : IDisposable
{
    private const int NewNetwork = 0x40000000;

    private readonly SafeFileHandle _namespace;

    public ThreadNamespace()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root for a network namespace");
        SafeFileHandle? handle = null;
        var thread = new Thread(() =>
        {
            if (Unshare(NewNetwork) == 0)
                handle = File.OpenHandle("/proc/thread-self/ns/net");
        });
        thread.Start();
        thread.Join();
        Assert.SkipWhen(handle is null, "this host allows no network namespace");
        _namespace = handle!;
    }

    /// <summary>The arguments that run a command inside.</summary>
    public IReadOnlyList<string> Prefix => ["nsenter", $"--net=/proc/{Environment.ProcessId}/fd/{(int)_namespace.DangerousGetHandle()}"];

    public async Task<string> RunAsync(string command, string? input = null, IReadOnlyDictionary<string, string>? environment = null)
    {
        var result = await new CommandRunner(environment).RunAsync(
            [.. Prefix, .. command.Split(' ')], TestContext.Current.CancellationToken, input, TimeSpan.FromSeconds(60));
        Assert.True(result.Succeeded, result.Describe());
        return result.Output;
    }

    /// <summary>Runs code on a thread of its own, inside.</summary>
    public Thread Start(Action action)
    {
        var thread = new Thread(() =>
        {
            if (SetNamespace(_namespace, NewNetwork) != 0)
                throw new InvalidOperationException(Marshal.GetLastPInvokeErrorMessage());
            action();
        });
        thread.Start();
        return thread;
    }

    public void Dispose() => _namespace.Dispose();

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    private static partial int Unshare(int flags);

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(SafeFileHandle file, int type);
}
