using SmmAgent.Contract;

namespace SmmDashboard.Registration;

/// <summary>The name that Istio gives to the WorkloadEntry of a VM.</summary>
public static class WorkloadEntryName
{
    private const int MaximumLength = 253;

    public static string Of(string group, string address, string network)
    {
        var name = $"{group}-{address}{(network.Length == 0 ? "" : "-" + network)}".Replace(':', '-');
        return name.Length <= MaximumLength ? name : name[^MaximumLength..];
    }

    /// <summary>Null, or why Kubernetes would refuse it.</summary>
    public static string? Rule(string name) => NameRules.Subdomain(name);
}
