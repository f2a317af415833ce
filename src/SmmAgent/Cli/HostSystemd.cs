using SmmAgent.Core.Settings;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Cli;

/// <summary>Commands that work with the host's systemd.</summary>
internal static class HostSystemd
{
    /// <summary>Runs a command of root's that is nothing without systemd.</summary>
    public static Task<int> UseAsync(AgentPaths paths, string command, Progress progress, Func<SystemdManager, Progress, Task<int>> work)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            progress.Failed($"{command} changes the host: sudo smm-agent {command}");
            return Task.FromResult(ExitCode.NotPermitted);
        }

        return ExplainedAsync(progress, async () =>
        {
            var (systemd, why) = SystemdManager.Open(paths.Root, TimeProvider.System);
            if (systemd is null)
            {
                progress.Failed($"{command} needs systemd, whose timer would undo the change: {why}");
                return ExitCode.Failed;
            }

            using (systemd)
                return await work(systemd, progress);
        });
    }

    /// <summary>Turns what systemd refuses, or fails at, into one line.</summary>
    public static async Task<int> ExplainedAsync(Progress progress, Func<Task<int>> work)
    {
        try
        {
            return await work();
        }
        catch (DBusException exception)
        {
            progress.Failed(exception.IsRefusal ? $"systemd refused: {exception.Message}; run it with sudo" : $"systemd failed: {exception.Message}");
            return exception.IsRefusal ? ExitCode.NotPermitted : ExitCode.Failed;
        }
    }
}
