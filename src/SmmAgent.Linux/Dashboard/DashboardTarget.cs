using SmmAgent.Contract;
using SmmAgent.Core.Settings;

namespace SmmAgent.Linux.Dashboard;

/// <summary>A dashboard, and the WorkloadGroup that is requested from it.</summary>
/// <param name="Url">Scheme, host and port.</param>
public sealed record DashboardTarget(Uri Url, string Namespace, string Name)
{
    public bool IsHttps => Url.Scheme == Uri.UriSchemeHttps;

    /// <summary>The namespace and the name of the group for messages, for example <c>vm-integration/analytics-v0</c>.</summary>
    public string Group => $"{Namespace}/{Name}";

    /// <summary>The target in the settings; null when a part of it is not set yet.</summary>
    public static DashboardTarget? From(AgentSettings settings) =>
        settings is { DashboardUrl: { } url, Namespace: { } @namespace, Name: { } name } ? new(url, @namespace, name) : null;

    /// <summary>Whether the configuration is for this WorkloadGroup.</summary>
    public bool Owns(MeshConfig config) => config.WorkloadGroup.Namespace == Namespace && config.WorkloadGroup.Name == Name;

    internal Uri At(string below) => new(Url, DashboardApi.GroupPath(Namespace, Name) + below);
}
