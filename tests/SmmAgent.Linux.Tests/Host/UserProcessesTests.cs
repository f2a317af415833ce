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
    public async Task OnlyProcessesOfTheUserAreEnded(int user, string script, int signal)
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

    [Theory]
    [InlineData(64_125, "--mount",
        "mount -t tmpfs none $0; mkdir $0/usr $0/proc $0/old; mount --rbind /usr $0/usr; mount --rbind /proc $0/proc; cp -P /bin /lib* $0; "
            + "cd $0; pivot_root . old")]
    [InlineData(64_126, "--user", "until setpriv --reuid=64126 --regid=64126 --clear-groups true; do sleep 0.1; done 2>/dev/null")]
    public async Task ContainerProcessIsNotEndedEvenIfItSharesProcessIds(int user, string container, string enter)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root to be another user");
        var folder = Directory.CreateTempSubdirectory("smm-container-");
        using var process = Run(
            ["unshare", container, "sh", "-ec",
                $"{enter}; exec setpriv --reuid={user} --regid={user} --clear-groups sh -c 'echo ready; exec sleep 300'", folder.FullName],
                    process =>
        {
            if (container == "--user")
                MapAllUsers(process);
        });
        try
        {
            Assert.Equal("/", new FileInfo($"/proc/{process.Id}/root").LinkTarget);
            Assert.True(await UserProcesses.EndAsync((uint)user, TimeProvider.System, Cancel));
            Assert.False(process.HasExited);
        }
        finally
        {
            process.Kill();
            folder.Delete();
        }
    }

    [Fact]
    public async Task ProcessesOfRootAreNotEnded() => Assert.False(await UserProcesses.EndAsync(0, TimeProvider.System, Cancel));

    // In a user namespace of its own, once it has one, each user has the same number as outside.
    private static void MapAllUsers(Process process)
    {
        var own = new FileInfo("/proc/self/ns/user").LinkTarget;
        SpinWait.SpinUntil(() => new FileInfo($"/proc/{process.Id}/ns/user").LinkTarget != own);
        foreach (var map in (string[])["uid_map", "gid_map"])
            File.WriteAllText($"/proc/{process.Id}/{map}", "0 0 100000");
    }

    // It says when it is the other user's.
    private static Process Run(int user, string script) =>
        Run(["setpriv", $"--reuid={user}", $"--regid={user}", "--clear-groups", "sh", "-c", $"echo ready; {script}"], _ => { });

    private static Process Run(string[] command, Action<Process> prepare)
    {
        var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true })!;
        prepare(process);
        Assert.Equal("ready", process.StandardOutput.ReadLine());
        return process;
    }
}
