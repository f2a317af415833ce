namespace SmmDashboard.Groups;

/// <summary>A WorkloadGroup's namespace and name.</summary>
public readonly record struct GroupId(string Namespace, string Name)
{
    public override string ToString() => $"{Namespace}/{Name}";
}
