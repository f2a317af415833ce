using SmmAgent.Core.Settings;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Host;

/// <summary>For commands of root's that are nothing without the host's systemd.</summary>
internal static class HostSystemd
{
    /// <param name="act">Does it, and tells whether that went well; why not is printed.</param>
    /// <param name="done">What to say then.</param>
    /// <returns>An exit code.</returns>
    public static async Task<int> RunAsync(
        AgentPaths paths, string command, Func<IUnits, Progress, Task<bool>> act, string done)
    {
        var progress = Progress.OnConsole();
        if (!Environment.IsPrivilegedProcess)
        {
            progress.Failed($"{command} changes the host: sudo smm-agent {command}");
            return ExitCode.NotPermitted;
        }

        var (systemd, why) = HostUnits.Open(paths.Root, TimeProvider.System);
        if (systemd is null)
        {
            progress.Failed($"{command} needs systemd, whose timer would undo the change: {why}");
            return ExitCode.Failed;
        }

        using (systemd)
        {
            if (!await act(systemd, progress))
                return ExitCode.Failed;
        }

        progress.Done(done);
        return ExitCode.Done;
    }
}
