namespace SmmAgent.Core.Sidecar;

/// <summary>Why the sidecar is no member of the mesh, as its log tells. Of two at the same time the first one here tells more.</summary>
public enum SidecarFailureKind
{
    /// <summary>pilot-agent or Envoy does not take its configuration.</summary>
    ConfigurationInvalid,

    /// <summary>The capture of traffic could not be set up.</summary>
    CaptureFailed,

    /// <summary>Another program has one of the sidecar's ports.</summary>
    PortTaken,

    /// <summary>The sidecar finds no istio-token, or may not read it.</summary>
    TokenUnreadable,

    /// <summary>The control plane knows no such WorkloadGroup.</summary>
    GroupNotFound,

    /// <summary>The certificate's namespace or service account is not what the sidecar says of itself, or not the WorkloadGroup's.</summary>
    IdentityMismatch,

    /// <summary>Kubernetes refused the WorkloadEntry's name.</summary>
    NameInvalid,

    /// <summary>The control plane's certificate is not valid at this host's time: the clock is wrong, or the certificate is over.</summary>
    CertificateTime,

    /// <summary>The certificate of what answers is for other names.</summary>
    OtherName,

    /// <summary>The certificate of what answers is of an authority that the sidecar does not know.</summary>
    NotTrusted,

    /// <summary>The control plane does not take the certificate that the sidecar has.</summary>
    OwnCertificateRefused,

    /// <summary>The control plane's name does not resolve.</summary>
    NoSuchName,

    /// <summary>The control plane refused the istio-token.</summary>
    TokenRefused,

    /// <summary>The control plane answered with another refusal.</summary>
    Refused,

    /// <summary>No connection to the control plane comes about.</summary>
    Unreachable,
}

/// <summary>What of the sidecar's log tells why it is no member of the mesh.</summary>
/// <param name="Line">The line as people may read it: one line, bounded, without secrets.</param>
public sealed record SidecarFailure(SidecarFailureKind Kind, string Line)
{
    /// <summary>What it means, in words.</summary>
    public string Found => Kind switch
    {
        SidecarFailureKind.ConfigurationInvalid => "the sidecar does not take its configuration",
        SidecarFailureKind.CaptureFailed => "the sidecar's capture of traffic could not be set up",
        SidecarFailureKind.PortTaken => "another program has one of the sidecar's ports",
        SidecarFailureKind.TokenUnreadable => "the sidecar cannot read its istio-token",
        SidecarFailureKind.GroupNotFound => "the control plane knows no such WorkloadGroup",
        SidecarFailureKind.IdentityMismatch => "the sidecar's namespace or service account is not the WorkloadGroup's",
        SidecarFailureKind.NameInvalid => "the WorkloadEntry's name is not valid",
        SidecarFailureKind.CertificateTime => "the control plane's certificate is not valid at this VM's time",
        SidecarFailureKind.OtherName => "what answers the sidecar is not the control plane: its certificate is for another name",
        SidecarFailureKind.NotTrusted => "the sidecar does not trust the certificate of what answers it",
        SidecarFailureKind.OwnCertificateRefused => "the control plane refused the sidecar's certificate",
        SidecarFailureKind.NoSuchName => "the control plane's name does not resolve",
        SidecarFailureKind.TokenRefused => "the control plane refused the istio-token",
        SidecarFailureKind.Refused => "the control plane refused the sidecar",
        _ => "the sidecar does not reach the control plane",
    };

    /// <summary>What to do about it.</summary>
    public string Cure => Kind switch
    {
        SidecarFailureKind.ConfigurationInvalid =>
            $"{Reconcile} writes its files anew; if it stays so, see the mesh's defaultConfig and the annotation proxy.istio.io/config",
        SidecarFailureKind.CaptureFailed => "see journalctl -u istio, and what else changes iptables",
        SidecarFailureKind.PortTaken => "stop that program: sudo ss -lntup tells which",
        SidecarFailureKind.TokenUnreadable or SidecarFailureKind.TokenRefused => $"{Reconcile} gets a new one",
        SidecarFailureKind.GroupNotFound => "create it, or sudo smm-agent set workload-group NAMESPACE NAME",
        SidecarFailureKind.IdentityMismatch => $"{Reconcile} writes its files and its token anew; see the WorkloadGroup's .spec.template.serviceAccount",
        SidecarFailureKind.NameInvalid => "give the WorkloadGroup a shorter name",
        SidecarFailureKind.CertificateTime => "have it renewed, and see that this VM's clock is right",
        SidecarFailureKind.OtherName => "see this VM's /etc/hosts, and what the gateway leads to",
        SidecarFailureKind.NotTrusted => $"{Reconcile} writes the mesh's root certificate anew; if it stays so, something else answers there",
        SidecarFailureKind.OwnCertificateRefused =>
            "have the sidecar ask for another: sudo rm /etc/certs/cert-chain.pem /etc/certs/key.pem, then sudo systemctl restart istio",
        SidecarFailureKind.NoSuchName => $"{Reconcile} writes its lines in /etc/hosts",
        SidecarFailureKind.Refused => "see the log of istiod",
        _ => "see GatewaysReachable, and the firewalls on the way",
    };

    private const string Reconcile = "sudo smm-agent reconcile";
}
