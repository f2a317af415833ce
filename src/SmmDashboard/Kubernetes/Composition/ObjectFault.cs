using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Composition;

/// <summary>An object by kind, namespace and name. The namespace is empty for an object of the whole cluster.</summary>
public sealed record ObjectReference(string Kind, string Namespace, string Name)
{
    public static ObjectReference From(WorkloadGroupObject group) => new("WorkloadGroup", group.Metadata.Namespace, group.Metadata.Name);

    public override string ToString() => Namespace.Length == 0 ? $"{Kind} {Name}" : $"{Kind} {Namespace}/{Name}";

    /// <summary>The command that shows the object.</summary>
    public string Get() => $"kubectl {InNamespace}get {Kind.ToLowerInvariant()} {Name} -o yaml";

    /// <summary>The command that corrects the object.</summary>
    public string Edit() => $"kubectl {InNamespace}edit {Kind.ToLowerInvariant()} {Name}";

    private string InNamespace => Namespace.Length == 0 ? "" : $"-n {Namespace} ";
}

/// <summary>A fault of an object.</summary>
/// <param name="Source">The object that an Event about it belongs to.</param>
/// <param name="Reason">One of <see cref="FaultReasons"/>.</param>
/// <param name="Message">The value, what is wrong with it, and how to correct it.</param>
/// <param name="Blocks">Whether no new configuration can be composed; otherwise the configuration is served despite the fault.</param>
public sealed record ObjectFault(ObjectReference Source, string Reason, string Message, bool Blocks)
{
    /// <summary>A value that no agent would accept.</summary>
    public static ObjectFault Invalid(ObjectReference source, string message) =>
        new(source, FaultReasons.MeshConfigInvalid, $"{message}. Correct it: {source.Edit()}", Blocks: true);

    public override string ToString() => $"{Source}: {Message}";
}

/// <summary>The reasons of <see cref="ObjectFault.Reason"/>, in the form of an Event's reason.</summary>
public static class FaultReasons
{
    /// <summary>The object has a value that no agent would accept.</summary>
    public const string MeshConfigInvalid = "MeshConfigInvalid";

    /// <summary>No control plane or tag has the revision that is asked for.</summary>
    public const string RevisionNotFound = "RevisionNotFound";

    /// <summary>Two objects contradict each other about a revision or a tag.</summary>
    public const string RevisionAmbiguous = "RevisionAmbiguous";

    /// <summary>istiod does not see the WorkloadGroup, or would not see its WorkloadEntries.</summary>
    public const string NotSeenByIstiod = "NotSeenByIstiod";

    /// <summary>A gateway has no address that a VM could use.</summary>
    public const string GatewayWithoutAddress = "GatewayWithoutAddress";

    /// <summary>There is no gateway that leads to istiod.</summary>
    public const string GatewayNotFound = "GatewayNotFound";

    /// <summary>VMs cannot attach to this control plane.</summary>
    public const string ControlPlaneUnsuitable = "ControlPlaneUnsuitable";
}
