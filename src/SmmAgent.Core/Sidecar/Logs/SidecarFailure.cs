using SmmAgent.Contract;
using SmmAgent.Core.Sidecar.Configuration;

namespace SmmAgent.Core.Sidecar.Logs;

/// <summary>
/// Why the sidecar is not a member of the mesh, according to its log. Of two at the same time, the one that comes first here is nearer to
/// the cause.
/// </summary>
public enum SidecarFailureKind
{
    /// <summary>pilot-agent or Envoy rejects its configuration.</summary>
    ConfigurationInvalid,

    /// <summary>The capture of traffic could not be set up.</summary>
    CaptureFailed,

    /// <summary>Another program has one of the sidecar's ports.</summary>
    PortTaken,

    /// <summary>The sidecar finds no istio-token, or may not read it.</summary>
    TokenUnreadable,

    /// <summary>The control plane knows no such WorkloadGroup.</summary>
    GroupNotFound,

    /// <summary>
    /// The namespace or service account of the certificate is not the one that the sidecar reports, or not the one of the WorkloadGroup.
    /// </summary>
    IdentityMismatch,

    /// <summary>Kubernetes refused the WorkloadEntry's name.</summary>
    NameInvalid,

    /// <summary>There is a WorkloadEntry of that name, which the control plane does not see as its own: another revision made it.</summary>
    EntryExists,

    /// <summary>The control plane's certificate is not valid at this host's time: the clock is wrong, or the certificate is over.</summary>
    CertificateTime,

    /// <summary>The certificate of the server that answers is for other names.</summary>
    OtherName,

    /// <summary>The certificate of the server is from an authority that the sidecar does not know.</summary>
    NotTrusted,

    /// <summary>The control plane refuses the certificate of the sidecar.</summary>
    OwnCertificateRefused,

    /// <summary>The control plane's name does not resolve.</summary>
    NoSuchName,

    /// <summary>The control plane refused the istio-token.</summary>
    TokenRefused,

    /// <summary>The control plane answered with another refusal.</summary>
    Refused,

    /// <summary>The sidecar cannot connect to the control plane.</summary>
    Unreachable,

    /// <summary>A failure that another version of the agent reported, and this one does not know.</summary>
    Unknown,
}

internal static class SidecarFailureKinds
{
    public static EnumTexts<SidecarFailureKind> Texts { get; } = new(naming: null, SidecarFailureKind.Unknown);
}

/// <summary>The failure in the sidecar's log that explains why it is not a member of the mesh.</summary>
/// <param name="Line">The log line in readable form: one line, of limited length, without secrets.</param>
public sealed record SidecarFailure(SidecarFailureKind Kind, string Line)
{
    /// <summary>When the newest line of this failure was written; null when that is not known.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary>When the first line of this failure was written, of those that count; null when that is not known.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>
    /// The subject of the failure in the log: a port, or the namespace and name of a WorkloadEntry; null when the log does not name it.
    /// </summary>
    public string? Subject { get; init; }

    /// <summary>Whether the cause is on this host, so that the control plane is not involved.</summary>
    public bool IsLocal =>
        Kind is SidecarFailureKind.ConfigurationInvalid or SidecarFailureKind.CaptureFailed or SidecarFailureKind.PortTaken;

    /// <summary>The failure in words.</summary>
    public string Description => Kind switch
    {
        SidecarFailureKind.ConfigurationInvalid => "the sidecar rejects its configuration",
        SidecarFailureKind.CaptureFailed => "the sidecar's capture of traffic could not be set up",
        SidecarFailureKind.PortTaken =>
            Subject is null ? "another program uses one of the sidecar's ports" : $"another program uses the sidecar's port {Subject}",
        SidecarFailureKind.TokenUnreadable => "the sidecar cannot read its istio-token",
        SidecarFailureKind.GroupNotFound => "the control plane does not know the WorkloadGroup",
        SidecarFailureKind.IdentityMismatch => "the sidecar's namespace or service account is not the WorkloadGroup's",
        SidecarFailureKind.NameInvalid => "the WorkloadEntry's name is not valid",
        SidecarFailureKind.EntryExists =>
            "the control plane cannot create the WorkloadEntry, because an entry of that name exists that it cannot see: another "
                + "revision created it",
        SidecarFailureKind.CertificateTime => "the control plane's certificate is not valid at this VM's time",
        SidecarFailureKind.OtherName => "the server that answers the sidecar is not the control plane: its certificate is for another name",
        SidecarFailureKind.NotTrusted => "the sidecar does not trust the certificate of the server that answers it",
        SidecarFailureKind.OwnCertificateRefused => "the control plane refused the sidecar's certificate",
        SidecarFailureKind.NoSuchName => "the control plane's name does not resolve",
        SidecarFailureKind.TokenRefused => "the control plane refused the istio-token",
        SidecarFailureKind.Refused => "the control plane refused the sidecar",
        SidecarFailureKind.Unknown => "the sidecar reports a failure that this version of the agent does not know",
        _ => "the sidecar does not reach the control plane",
    };

    /// <summary>What to do about it.</summary>
    public string Remediation => Kind switch
    {
        SidecarFailureKind.ConfigurationInvalid =>
            "correct the mesh's defaultConfig or the WorkloadGroup's annotation proxy.istio.io/config; "
            + "the agent automatically restores files that were changed on this VM",
        SidecarFailureKind.CaptureFailed => "see: journalctl -u istio; correct the ISTIO_ variables in the mesh's proxyMetadata and in "
            + $"{SidecarFiles.OperatorEnvironment}, or stop the other program that changes iptables",
        SidecarFailureKind.PortTaken => Subject is null
            ? "find that program with: sudo ss -lntup; stop it, then: sudo systemctl restart istio"
            : $"find that program with: sudo ss -lntup | grep :{Subject}; stop it, then: sudo systemctl restart istio",
        SidecarFailureKind.TokenUnreadable => "the agent automatically writes it again",
        SidecarFailureKind.TokenRefused => "the agent automatically fetches a new one from the dashboard",
        SidecarFailureKind.GroupNotFound => "create it, or sudo smm-agent set workload-group NAMESPACE/NAME",
        SidecarFailureKind.IdentityMismatch =>
            "the agent automatically removes a certificate and a token of another identity and restarts the sidecar; "
            + "if this stays, see the WorkloadGroup's .spec.template.serviceAccount",
        SidecarFailureKind.NameInvalid => "give the WorkloadGroup a shorter name",
        SidecarFailureKind.EntryExists =>
            "during an upgrade of the control plane this ends automatically after 10 s; if it stays, delete the entry: "
            + (Subject is null ? "kubectl -n NAMESPACE delete workloadentry NAME" : $"kubectl delete workloadentry {Subject}"),
        SidecarFailureKind.CertificateTime => "renew it, and check this VM's clock",
        SidecarFailureKind.OtherName => "check this VM's /etc/hosts, and where the gateway leads",
        SidecarFailureKind.NotTrusted =>
            $"the agent keeps the mesh's root certificate in {SidecarFiles.RootCertificate} as the dashboard serves it: "
            + "compare the certificate of the gateway's port 15012 with the mesh's ConfigMap istio-ca-root-cert",
        SidecarFailureKind.OwnCertificateRefused =>
            $"have the sidecar ask for another: sudo rm {SidecarFiles.Certificate} {SidecarFiles.Key} && sudo systemctl restart istio",
        SidecarFailureKind.NoSuchName =>
            "the agent automatically writes the control plane's lines in /etc/hosts while a gateway's address is known; "
            + "see GatewaysReachable, and /etc/nsswitch.conf: the line hosts must have the word files",
        SidecarFailureKind.Refused => "see the log of istiod",
        SidecarFailureKind.Unknown => "see: journalctl -u istio",
        _ => "see GatewaysReachable, and the firewalls on the path",
    };
}
