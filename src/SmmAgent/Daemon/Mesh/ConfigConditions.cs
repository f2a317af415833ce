using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.State;

namespace SmmAgent.Daemon.Mesh;

/// <summary>Evaluates the condition ConfigCurrent.</summary>
internal static class ConfigConditions
{
    public const string CurrentReason = "Current";

    /// <summary>The dashboard has a newer configuration, which is invalid.</summary>
    public const string LastGoodReason = "LastGood";

    public static ConditionUpdate Current(SettingsState settings, GoodMeshConfig good, string? saveFault) =>
        Invalid(settings, good) ?? (good.Config.Problems is { } problems
            ? ConditionUpdate.True(ConditionType.ConfigCurrent, LastGoodReason,
                $"the dashboard serves the last good configuration of {good.From.Group}, because its objects are not valid now: "
                + string.Join("; ", problems))
            : ConditionUpdate.True(ConditionType.ConfigCurrent, CurrentReason,
                $"the mesh configuration of {good.From.Group} is the dashboard's newest, received {TimeText.Format(good.ReceivedAt)}"
                + (saveFault is null ? "" : $"; it is not saved for the next start: {saveFault}")));

    public static ConditionUpdate Failed(SettingsState settings, DashboardFailure failure, DashboardTarget target, GoodMeshConfig? good)
    {
        var (reason, message) = FailureText.Format(failure, target);
        return Invalid(settings, good) ?? False(reason, message + Meanwhile(good));
    }

    public static ConditionUpdate NotConfigured(SettingsState settings, GoodMeshConfig? good)
    {
        var missing = new List<string>();
        if (settings.Settings.DashboardUrl is null)
            missing.Add("sudo smm-agent set dashboard-url URL");
        if (settings.Settings.Namespace is null || settings.Settings.Name is null)
            missing.Add("sudo smm-agent set workload-group NAMESPACE/NAME");
        return Invalid(settings, good)
            ?? False(ConditionUpdate.NotConfigured, $"this VM is not configured yet: {string.Join("; ", missing)}");
    }

    /// <summary>The configuration in effect while the dashboard provides none, as the end of a message.</summary>
    public static string Meanwhile(GoodMeshConfig? good) => good is null
        ? "; there is no earlier configuration to work with"
        : $"; meanwhile the last good configuration is used, received {TimeText.Format(good.ReceivedAt)}";

    private static ConditionUpdate? Invalid(SettingsState settings, GoodMeshConfig? good) => settings.Errors.Count == 0
        ? null
        : False(FailureReasons.InvalidSettings,
            "agent.yaml is not valid, its last edit has no effect: "
            + string.Join("; ", settings.Errors.Take(5).Select(fault => OneLine.From(fault.ToString())))
            + (settings.Errors.Count > 5 ? $"; and {settings.Errors.Count - 5} more" : "") + Meanwhile(good));

    private static ConditionUpdate False(string reason, string message) => ConditionUpdate.False(
        ConditionType.ConfigCurrent, reason, message);
}
