namespace SmmAgent.Core.Sidecar.Configuration;

/// <summary>The name of a service that every cluster has, in another Kubernetes namespace than the VM's.</summary>
/// <param name="Name">In full, for example <c>kubernetes.default.svc.cluster.local</c>.</param>
/// <param name="IsDomainAssumed">Whether the cluster's domain is not known, and taken to be <see cref="DefaultDomain"/>.</param>
public sealed record ForeignName(string Name, bool IsDomainAssumed)
{
    /// <summary>The domain of most clusters.</summary>
    public const string DefaultDomain = "cluster.local";

    private const string Api = "kubernetes.default.svc";

    /// <param name="mesh">Null when there is no mesh configuration.</param>
    /// <param name="own">The VM's Kubernetes namespace.</param>
    /// <returns>Null when no service of another namespace is known.</returns>
    /// <remarks>
    /// The domain is that of the mesh's discoveryAddress. It is not the trust domain, which identities have and which need not be a DNS
    /// domain.
    /// </remarks>
    public static ForeignName? From(Contract.Mesh? mesh, string own)
    {
        if (((string?[])[Api, mesh?.IstiodHost()]).OfType<string>().FirstOrDefault(host => NamespaceOf(host) != own) is not { } host)
            return null;
        var domain = mesh is null ? null : DomainOf(mesh.DiscoveryAddress());
        return new($"{host}.{domain ?? DefaultDomain}", domain is null);
    }

    /// <returns>
    /// The Kubernetes namespace of a name of the cluster, SERVICE.NAMESPACE.svc with or without the cluster's domain; null for another
    /// name.
    /// </returns>
    public static string? NamespaceOf(string host) => host.Split('.') is [_, var @namespace, "svc", ..] ? @namespace : null;

    private static string? DomainOf(string address)
    {
        var host = address.Contains(':', StringComparison.Ordinal) ? address[..address.LastIndexOf(':')] : address;
        return host.TrimEnd('.').Split('.', 4) is [_, _, "svc", { Length: > 0 } domain] ? domain : null;
    }
}
