namespace SmmAgent.Core.Checks;

/// <summary>What a check is about; the report shows the groups in this order.</summary>
public enum CheckGroup
{
    OperatingSystem,
    Packages,
    Dashboard,
    ControlPlane,
    Address,
    Ports,
    NetworkModel,
    NameResolution,
    Host,
}

public static class CheckGroups
{
    /// <summary>The heading of the report.</summary>
    public static string Title(this CheckGroup group) => group switch
    {
        CheckGroup.OperatingSystem => "Operating system",
        CheckGroup.Packages => "Packages",
        CheckGroup.Dashboard => "Dashboard",
        CheckGroup.ControlPlane => "Control plane",
        CheckGroup.Address => "Address",
        CheckGroup.Ports => "Ports",
        CheckGroup.NetworkModel => "Network model",
        CheckGroup.NameResolution => "Name resolution",
        CheckGroup.Host => "Host",
        _ => throw new ArgumentOutOfRangeException(nameof(group), group, null),
    };

    /// <summary>The word of the JSON report: <c>operating-system</c>.</summary>
    public static string Name(this CheckGroup group) => group.Title().ToLowerInvariant().Replace(' ', '-');
}
