using SmmDashboard.Admin.Machines;
using SmmDashboard.Admin.Mesh;
using SmmDashboard.Admin.Viewers;
using SmmDashboard.Agents;
using SmmDashboard.DialBack;
using SmmDashboard.Embedded;
using SmmDashboard.Embedded.Agents;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Embedded.Registration;
using SmmDashboard.Embedded.Tokens;
using SmmDashboard.Groups;
using SmmDashboard.Hosting;
using SmmDashboard.Http.Connections;
using SmmDashboard.Registration;
using SmmDashboard.Status;
using SmmDashboard.Tls;
using SmmDashboard.Tokens;

namespace SmmDashboard.Startup;

/// <summary>Composes the mode in which everything is read from local files: the mesh description and the data folder.</summary>
internal static class EmbeddedMode
{
    /// <exception cref="InvalidDataException">The key in the data folder or a certificate cannot be used.</exception>
    public static void Add(IServiceCollection services, DashboardOptions options, MeshDescription mesh, DashboardTestHooks hooks)
    {
        services.AddSingleton(new MeshFile(options.Mesh));
        services.AddSingleton(new CurrentMesh(mesh.Settings));
        services.AddSingleton(provider => new CurrentMeshDescription(mesh, provider.GetRequiredService<CurrentMesh>()));
        services.AddSingleton(OpenKey(options.Data));
        services.AddSingleton(provider => new FileAgentStore(
            options.Data is { } folder ? new AgentFiles(folder, provider.GetRequiredService<ILogger<AgentFiles>>()) : null,
            hooks.Clock,
            provider.GetRequiredService<ILogger<FileAgentStore>>(),
            options.NewAgents,
            options.AgentsPerGroup,
            keepsReports: options.Admin is not null || options.Status is not null));
        services.AddSingleton<IAgentStore>(provider => provider.GetRequiredService<FileAgentStore>())
            .AddSingleton<IMachineSource>(provider => provider.GetRequiredService<FileAgentStore>())
            .AddSingleton<IReadiness>(provider => provider.GetRequiredService<FileAgentStore>())
            .AddSingleton<IMeshView, DescribedMeshView>().AddSingleton(hooks.Viewers ?? new LocalViewers());
        services.AddSingleton<SidecarTokenSigner>()
            .AddSingleton<ISidecarTokens>(provider => provider.GetRequiredService<SidecarTokenSigner>())
            .AddSingleton(provider => hooks.TokenValidator ?? ActivatorUtilities.CreateInstance<HashedTokenValidator>(provider))
            .AddSingleton(hooks.AgentTokens ?? new NonRenewableTokens())
            .AddSingleton<IClusterRanges, ConfiguredRanges>();
        services
            .AddSingleton(provider => new RegisteredEntries(
                provider.GetRequiredService<CurrentMeshDescription>(), hooks.Clock, options.Connections.RegisteredSidecars))
            .AddSingleton(new RecentRefusals(hooks.Clock)).AddSingleton<RegistrationService>()
            .AddSingleton<IRegistrations, ConnectedSidecars>();
        services.AddSingleton<MeshWatcher>().AddHostedService(provider => provider.GetRequiredService<MeshWatcher>());
        AddRegistration(services, options, hooks.Clock);
    }

    // The key is the first file in the data folder.
    private static SigningKey OpenKey(string? data)
    {
        try
        {
            if (data is not null)
                OwnerOnlyFile.MakeFolder(data);
            return SigningKey.Open(data);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException && data is not null)
        {
            var reason = data!.Length == 0 ? "the name of the folder is empty"
                : File.Exists(data) ? "is a file"
                : FileReason.From(exception, Path.Combine(data, "signing-key.pem"));
            throw new IOException(OptionFile.Format("--data", data, $"{reason}; name a folder that this user can write"), exception);
        }
    }

    private static void AddRegistration(IServiceCollection services, DashboardOptions options, TimeProvider clock)
    {
        if (options is not { Registration: { } address, RegistrationCertificate: { } files })
            return;

        var authority = options.RegistrationAuthority is { } issuer ? new SidecarAuthority(issuer, clock) : null;
        if (authority is not null)
            services.AddSingleton(authority);
        var certificate = new PemCertificate(files.Certificate, files.Key, clock);
        var settings = new RegistrationListener.Settings(address, certificate) { Authority = authority };
        services.AddSingleton(
            provider => settings with { MaximumConnections = provider.GetRequiredService<ConnectionBudget>().Registration });
        services.AddSingleton<RegistrationListener>();
        services.AddHostedService(provider => provider.GetRequiredService<RegistrationListener>());
    }
}
