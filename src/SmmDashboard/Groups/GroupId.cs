namespace SmmDashboard.Groups;

/// <summary>The namespace and the name of a WorkloadGroup.</summary>
public readonly record struct GroupId(string Namespace, string Name)
{
    public override string ToString() => $"{Namespace}/{Name}";
}
