using SmmDashboard.Agents;
using SmmDashboard.DialBack;
using SmmDashboard.Embedded;
using SmmDashboard.Embedded.Agents;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Embedded.Registration;
using SmmDashboard.Embedded.Tokens;
using SmmDashboard.Groups;
using SmmDashboard.Http.Connections;
using SmmDashboard.Registration;
using SmmDashboard.Tls;
using SmmDashboard.Tokens;

namespace SmmDashboard.Startup;

/// <summary>Everything comes from files of this machine: the mesh description, and the data folder.</summary>
internal static class EmbeddedMode
{
    /// <exception cref="InvalidDataException">The key in the data folder or a certificate cannot be used.</exception>
    public static void Add(IServiceCollection services, DashboardOptions options, MeshDescription mesh, DashboardSeams seams)
    {
        if (options.Data is { } data)
            PrivateFile.MakeFolder(data);
        services.AddSingleton(new MeshFile(options.Mesh));
        services.AddSingleton(new CurrentMesh(mesh.Settings));
        services.AddSingleton(provider => new CurrentDescription(mesh, provider.GetRequiredService<CurrentMesh>()));
        services.AddSingleton(SigningKey.Open(options.Data));
        services.AddSingleton<IAgentStore>(provider => new FileAgentStore(
            options.Data is { } folder ? new AgentFiles(folder, provider.GetRequiredService<ILogger<AgentFiles>>()) : null,
            seams.Clock,
            provider.GetRequiredService<ILogger<FileAgentStore>>(),
            options.NewAgents,
            seams.AgentsPerGroup));
        services.AddSingleton<SignedTokens>().AddSingleton<ISidecarTokens>(provider => provider.GetRequiredService<SignedTokens>())
            .AddSingleton(provider => seams.TokenAuthority ?? ActivatorUtilities.CreateInstance<DescribedTokens>(provider)).AddSingleton(seams.AgentTokens ?? new UnrenewableTokens()).AddSingleton<IClusterRanges, DescribedRanges>()
            .AddSingleton<WorkloadEntries>().AddSingleton(new Refusals(seams.Clock)).AddSingleton<RegistrationDesk>()
            .AddSingleton<IRegistrations, ConnectedSidecars>();
        services.AddHostedService<MeshWatcher>();
        AddRegistration(services, options, seams.Clock);
    }

    private static void AddRegistration(IServiceCollection services, DashboardOptions options, TimeProvider clock)
    {
        if (options is not { Registration: { } address, RegistrationCertificate: { } files })
            return;

        var authority = options.RegistrationAuthority is { } issuer ? new SidecarAuthority(issuer, clock) : null;
        if (authority is not null)
            services.AddSingleton(authority);
        var settings = new RegistrationListener.Settings(address, new PemCertificate(files.Certificate, files.Key, clock)) { Authority = authority };
        services.AddSingleton(provider => settings with { MaximumConnections = provider.GetRequiredService<ConnectionBudget>().Registration });
        services.AddSingleton<RegistrationListener>();
        services.AddHostedService(provider => provider.GetRequiredService<RegistrationListener>());
    }
}
