using SmmAgent.Core.Settings;

namespace SmmAgent.Core.Sidecar.Planning;

/// <summary>Whether a change that needs a restart of the sidecar gets it.</summary>
public static class RestartRules
{
    public static bool MayRestart(SidecarSettings settings, DateTimeOffset now, TimeZoneInfo zone) => settings.RestartPolicy switch
    {
        RestartPolicy.Automatic => true,
        RestartPolicy.Window => settings.RestartWindow?.IsOpen(now, zone) == true,
        _ => false,
    };

    /// <summary>Describes who performs a required restart, and when.</summary>
    public static string Describe(SidecarSettings settings) => settings.RestartPolicy switch
    {
        RestartPolicy.Automatic => "the agent restarts it",
        RestartPolicy.Window => $"the agent restarts it within {settings.RestartWindow}; or sudo systemctl restart istio",
        _ => "sudo systemctl restart istio",
    };
}
