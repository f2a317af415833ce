using SmmAgent.Contract;
using SmmAgent.Core.Settings;

namespace SmmAgent.Linux.Dashboard;

/// <summary>Which dashboard is asked for which WorkloadGroup.</summary>
/// <param name="Url">Scheme, host and port.</param>
public sealed record DashboardTarget(Uri Url, string Namespace, string Name)
{
    public bool IsHttps => Url.Scheme == Uri.UriSchemeHttps;

    /// <summary>The group as people write it, for example <c>vm-integration/analytics-v0</c>.</summary>
    public string Group => $"{Namespace}/{Name}";

    /// <summary>The target that the settings name; null when a part of it was not set yet.</summary>
    public static DashboardTarget? From(AgentSettings settings) =>
        settings is { DashboardUrl: { } url, Namespace: { } @namespace, Name: { } name } ? new(url, @namespace, name) : null;

    /// <summary>Whether the configuration is for this WorkloadGroup.</summary>
    public bool Owns(MeshConfig config) => config.WorkloadGroup.Namespace == Namespace && config.WorkloadGroup.Name == Name;

    internal Uri At(string below) => new(Url, DashboardApi.GroupPath(Namespace, Name) + below);
}
