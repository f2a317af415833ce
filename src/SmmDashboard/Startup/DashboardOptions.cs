using System.Net;
using SmmDashboard.Address;
using SmmDashboard.Admin;
using SmmDashboard.DialBack;
using SmmDashboard.Embedded.Agents;
using SmmDashboard.Http;
using SmmDashboard.Http.Connections;
using SmmDashboard.Kubernetes;
using SmmDashboard.Tls;

namespace SmmDashboard.Startup;

/// <summary>An address to listen on.</summary>
public sealed record Listen(IPEndPoint Address, bool IsTls);

/// <summary>The options from the command line.</summary>
public sealed record DashboardOptions
{
    /// <summary>The mesh description file; empty with <see cref="Kubernetes"/>.</summary>
    public string Mesh { get; init; } = "";

    /// <summary>The options of the cluster to read from; null reads <see cref="Mesh"/>.</summary>
    public KubernetesOptions? Kubernetes { get; init; }

    /// <summary>The address that serves readiness and metrics without TLS; null serves neither.</summary>
    public IPEndPoint? Status { get; init; }

    /// <summary>The listener that shows the machines; null shows them nowhere.</summary>
    public AdminOptions? Admin { get; init; }

    public required IReadOnlyList<Listen> Listen { get; init; }

    public CertificateFiles? Certificate { get; init; }

    /// <summary>The file with the authorities that VMs may fetch; null for those in the chain of <see cref="Certificate"/>.</summary>
    public string? Authorities { get; init; }

    /// <summary>The folder with packages; null serves no packages.</summary>
    public string? Packages { get; init; }

    /// <summary>The folder in which agents, reports and the signing key survive a restart; null keeps them in memory.</summary>
    public string? Data { get; init; }

    /// <summary>The address on which sidecars register; null disables registration.</summary>
    public IPEndPoint? Registration { get; init; }

    public CertificateFiles? RegistrationCertificate { get; init; }

    /// <summary>The authority that issues certificates to sidecars; null when they register with tokens only.</summary>
    public CertificateFiles? RegistrationAuthority { get; init; }

    public TrustedProxies TrustedProxies { get; init; } = TrustedProxies.None;

    /// <summary>The least important log lines that are written.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    public RequestRates.Settings Rates { get; init; } = new();

    public ConnectionSettings Connections { get; init; } = new();

    public DialBackSettings DialBackRates { get; init; } = DialBackSettings.From(DialBackSettings.DefaultPerSecond);

    /// <summary>The maximum number of agents of a WorkloadGroup.</summary>
    public int AgentsPerGroup { get; init; } = FileAgentStore.DefaultLimit;

    /// <summary>The rate of new agents per WorkloadGroup.</summary>
    public Rate NewAgents { get; init; } = Agents.NewAgents.DefaultRate;
}
