using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using SmmDashboard.Address;
using SmmDashboard.Admin;
using SmmDashboard.DialBack;
using SmmDashboard.Embedded.Agents;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Embedded.Registration;
using SmmDashboard.Groups;
using SmmDashboard.Http;
using SmmDashboard.Http.Connections;
using SmmDashboard.Startup;
using SmmDashboard.Tls;

namespace SmmDashboard.Tests.Running;

/// <summary>The dashboard itself, on loopback, over real HTTP.</summary>
public sealed class RunningDashboard : IAsyncDisposable
{
    public const string MeshFileName = "mesh.yaml";
    public const string Group = "/v1/namespaces/vm-integration/workloadgroups/analytics-v0";

    private readonly TemporaryFolder _folder;
    private readonly bool _ownsFolder;

    private RunningDashboard(WebApplication app, TemporaryFolder folder, bool ownsFolder)
    {
        (App, _folder, _ownsFolder) = (app, folder, ownsFolder);
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = BaseAddress };
    }

    public WebApplication App { get; }

    public HttpClient Client { get; }

    public Uri BaseAddress => new(Dashboard.Addresses(App)[0]);

    /// <summary>The URL of the admin listener.</summary>
    public Uri AdminAddress => new(Dashboard.Addresses(App)[^1]);

    public Uri StatusAddress => new(Dashboard.Addresses(App)[1]);

    public TemporaryFolder Folder => _folder;

    public IPEndPoint RegistrationAddress => App.Services.GetRequiredService<RegistrationListener>().Address;

    public CurrentMesh Mesh => App.Services.GetRequiredService<CurrentMesh>();

    public CurrentMeshDescription Description => App.Services.GetRequiredService<CurrentMeshDescription>();

    public sealed record Setup
    {
        public MeshYaml Mesh { get; init; } = new();

        public DashboardTestHooks Seams { get; init; } = new() { Addresses = new AddressPolicy(IPNetwork.Parse("127.0.0.0/8")) };

        public RequestRates.Settings Rates { get; init; } = new();

        public TrustedProxies TrustedProxies { get; init; } = TrustedProxies.None;

        public ConnectionSettings Connections { get; init; } = new();

        public DialBackSettings DialBackRates { get; init; } = DialBackSettings.From(DialBackSettings.DefaultPerSecond);

        public int AgentsPerGroup { get; init; } = FileAgentStore.DefaultLimit;

        public Rate NewAgents { get; init; } = SmmDashboard.Agents.NewAgents.DefaultRate;

        public bool HasData { get; init; }

        public bool HasRegistration { get; init; }

        /// <summary>Whether it issues certificates to sidecars.</summary>
        public TestAuthority? Authority { get; init; }

        public bool IsTls { get; init; }

        /// <summary>Whether it shows its machines.</summary>
        public bool HasAdmin { get; init; }

        /// <summary>Whether the admin listener serves TLS.</summary>
        public bool IsAdminTls { get; init; }

        /// <summary>Whether it has a status address.</summary>
        public bool HasStatus { get; init; }

        /// <summary>The file of --ca-certificate; null for none.</summary>
        public string? Authorities { get; init; }

        public bool HasCertificate { get; init; } = true;

        /// <summary>A folder that outlives this dashboard.</summary>
        public TemporaryFolder? Folder { get; init; }
    }

    public static Task<RunningDashboard> StartAsync() => StartAsync(new Setup());

    public static async Task<RunningDashboard> StartAsync(Setup setup)
    {
        var folder = setup.Folder ?? new TemporaryFolder();
        var path = folder.Write(MeshFileName, setup.Mesh.ToString());
        folder.Write("packages/placeholder", "");
        var certificate = new CertificateFiles(
            folder.Write("tls.pem", TestCertificate.Any.CertificatePem), folder.Write("tls-key.pem", TestCertificate.Any.KeyPem));
        var options = new DashboardOptions
        {
            Mesh = path,
            Listen = [new Listen(new IPEndPoint(IPAddress.Loopback, 0), setup.IsTls)],
            Admin = setup.HasAdmin ? new AdminOptions(new IPEndPoint(IPAddress.Loopback, 0), setup.IsAdminTls ? certificate : null) : null,
            Certificate = setup.HasCertificate ? certificate : null,
            Authorities = setup.Authorities,
            Packages = folder.Path("packages"),
            Data = setup.HasData ? folder.Path("data") : null,
            Registration = setup.HasRegistration ? new IPEndPoint(IPAddress.Loopback, 0) : null,
            RegistrationCertificate = certificate,
            RegistrationAuthority = setup.Authority is { } authority
                ? new CertificateFiles(folder.Write("ca.pem", authority.CertificatePem), folder.Write("ca-key.pem", authority.KeyPem))
                : null,
            Rates = setup.Rates,
            Connections = setup.Connections,
            TrustedProxies = setup.TrustedProxies,
            DialBackRates = setup.DialBackRates,
            AgentsPerGroup = setup.AgentsPerGroup,
            NewAgents = setup.NewAgents,
            Status = setup.HasStatus ? new IPEndPoint(IPAddress.Loopback, 0) : null,
        };
        var mesh = MeshDescriptionReader.Read(setup.Mesh.ToString());
        Assert.Empty(mesh.Errors);
        var app = Dashboard.Build(options, mesh.Value!, setup.Seams);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new RunningDashboard(app, folder, ownsFolder: setup.Folder is null);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await App.StopAsync(CancellationToken.None);
        await App.DisposeAsync();
        if (_ownsFolder)
            _folder.Dispose();
    }
}
