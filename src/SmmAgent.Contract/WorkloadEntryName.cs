namespace SmmAgent.Contract;

/// <summary>The name that Istio gives to the WorkloadEntry of a VM.</summary>
public static class WorkloadEntryName
{
    private const int MaximumLength = 253;

    /// <summary><c>GROUP-ADDRESS[-NETWORK]</c>; a longer name keeps its last 253 characters.</summary>
    public static string Create(string group, string address, string network)
    {
        var name = $"{group}-{address.Replace(':', '-')}{(network.Length == 0 ? "" : "-" + network)}";
        return name.Length <= MaximumLength ? name : name[^MaximumLength..];
    }

    /// <summary>Validates a name. Returns null, or the reason why Kubernetes would refuse it.</summary>
    public static string? Rule(string name) => NameRules.Subdomain(name);
}
