namespace SmmDashboard.Kubernetes.Objects;

/// <summary>Names an object of a kind. The namespace is empty for an object of the whole cluster.</summary>
public readonly record struct ObjectKey(string Namespace, string Name)
{
    public static ObjectKey From(ObjectMeta metadata) => new(metadata.Namespace, metadata.Name);

    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";
}
