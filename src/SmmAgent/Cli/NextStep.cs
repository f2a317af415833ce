using SmmAgent.Core.Settings;
using SmmAgent.Host.Status;

namespace SmmAgent.Cli;

/// <summary>What comes after a change of the configuration.</summary>
internal static class NextStep
{
    public static string Text(AgentPaths paths, DateTimeOffset now) =>
        StatusReader.Read(paths.Status).Status is { } status && now - status.UpdatedAt <= StatusReader.StaleAfter
            ? "next: nothing; the daemon applies the change; see: smm-agent status"
            : $"next: {string.Join(", then: ", StoppedHost.Observe(paths, fault: null, now).Steps)}";
}
