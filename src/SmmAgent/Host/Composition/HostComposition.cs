using SmmAgent.Core.Settings;
using SmmAgent.Host.Firewall;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Host.Composition;

/// <summary>Builds the context of a host operation on the real host, for the commands.</summary>
internal static class HostComposition
{
    /// <param name="progress">Where progress is reported; null for the console.</param>
    public static HostContext Create(AgentPaths paths, Progress? progress = null)
    {
        var time = TimeProvider.System;
        return new()
        {
            Paths = paths,
            Time = time,
            IsPrivileged = Environment.IsPrivilegedProcess,
            Progress = progress ?? Progress.OnConsole(),
            Firewall = FirewallComposition.Create(paths, time),
            Sidecar = new SidecarAccess(paths, time),
            Access = new HostAccess(paths, time),
        };
    }

    private sealed class HostAccess(AgentPaths paths, TimeProvider time) : IHostAccess
    {
        public (IUnits? Units, string? Reason) OpenUnits() => HostUnits.Open(paths.Root, time);

        public IHostDashboard? OpenDashboard(AgentSettings settings) => DashboardTarget.From(settings) is { } target
            ? new DashboardClient(target, settings.CaFile, BearerTokenFile.From(paths, time), ProgramVersion.Current, time, settings.Proxy)
            : null;

        public void IgnoreHangup() => Interruption.IgnoreHangup();

        public string? Variable(string name) => Environment.GetEnvironmentVariable(name);
    }
}
