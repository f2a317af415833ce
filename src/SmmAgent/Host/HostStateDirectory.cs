using SmmAgent.Core.Settings;

namespace SmmAgent.Host;

/// <summary>/var/lib/smm-agent-host, where root keeps its own state.</summary>
internal static class HostStateDirectory
{
    public static void Create(AgentPaths paths) =>
        Directory.CreateDirectory(paths.HostStateDirectory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
}
