using SmmAgent.Core.Settings;
using SmmAgent.Host;
using SmmAgent.Host.Status;

namespace SmmAgent.Cli;

/// <summary>What comes after a change of the configuration.</summary>
internal static class NextStep
{
    public static void Print(Progress progress, AgentPaths paths, DateTimeOffset now)
    {
        if (StatusReader.Read(paths.Status).Status is { } status && now - status.UpdatedAt <= StatusReader.StaleAfter)
            progress.Would("the daemon applies the change; see: smm-agent status");
        else
            progress.Next(StoppedHost.Observe(paths, fault: null, now).Steps);
    }
}
