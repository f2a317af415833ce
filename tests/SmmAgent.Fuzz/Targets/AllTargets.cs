using SmmAgent.Fuzz.Engine;

namespace SmmAgent.Fuzz.Targets;

/// <summary>Everything that parses foreign input.</summary>
internal static class AllTargets
{
    public static IReadOnlyList<FuzzTarget> List { get; } =
    [
        .. ContractTargets.List, .. SettingsTargets.List, .. HostTargets.List, .. SidecarTargets.List, .. NetworkTargets.List,
        .. DashboardTargets.List, .. KubernetesTargets.List, .. SigningTargets.All,
        .. EngineTargets.List,
    ];
}
