using System.Diagnostics;
using SmmAgent.Linux.Host;

namespace SmmAgent.Linux.Tests.Host;

/// <summary>Real processes of a user whom this host has no name for.</summary>
public sealed class UserProcessesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(64_123, "exec sleep 300", 15)]
    [InlineData(64_124, "trap '' TERM; while :; do sleep 1; done", 9)] // one that does not want to end
    public async Task EveryProcessOfTheUserEndsAndNoOther(int user, string script, int signal)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root to be another user");
        using var process = Run(user, script);
        using var other = Run(user + 100, "exec sleep 300");
        try
        {
            Assert.True(await UserProcesses.EndAsync((uint)user, TimeProvider.System, Cancel));

            await process.WaitForExitAsync(Cancel);
            Assert.Equal(128 + signal, process.ExitCode);
            Assert.False(other.HasExited);
        }
        finally
        {
            other.Kill();
        }
    }

    [Fact]
    public async Task RootsProcessesAreNeverEnded() => Assert.False(await UserProcesses.EndAsync(0, TimeProvider.System, Cancel));

    // It says when it is the other user's.
    private static Process Run(int user, string script)
    {
        var process = Process.Start(new ProcessStartInfo("setpriv", [$"--reuid={user}", $"--regid={user}", "--clear-groups", "sh", "-c", $"echo ready; {script}"])
        {
            RedirectStandardOutput = true,
        })!;
        Assert.Equal("ready", process.StandardOutput.ReadLine());
        return process;
    }
}
