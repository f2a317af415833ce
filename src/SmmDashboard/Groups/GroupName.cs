namespace SmmDashboard.Groups;

/// <summary>A WorkloadGroup's namespace and name.</summary>
public readonly record struct GroupName(string Namespace, string Name)
{
    public override string ToString() => $"{Namespace}/{Name}";
}
