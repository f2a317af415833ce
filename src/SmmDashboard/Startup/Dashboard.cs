using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging.Console;
using SmmDashboard.Access;
using SmmDashboard.Address;
using SmmDashboard.Admin.Machines;
using SmmDashboard.Agents;
using SmmDashboard.DialBack;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Hosting;
using SmmDashboard.Http;
using SmmDashboard.Http.Connections;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Mesh;
using SmmDashboard.Packages;
using SmmDashboard.Registration;
using SmmDashboard.Status;
using SmmDashboard.Tls;
using SmmDashboard.Tokens;

namespace SmmDashboard.Startup;

/// <summary>Composes the dashboard.</summary>
public static class Dashboard
{
    /// <exception cref="InvalidDataException">The key in the data folder or a certificate cannot be used.</exception>
    /// <exception cref="ApiSettingsException">The kubeconfig or the pod's service account cannot be used.</exception>
    public static WebApplication Build(DashboardOptions options, MeshDescription? mesh, DashboardTestHooks hooks)
    {
        // The command line and the mesh description are the whole configuration. ASPNETCORE_URLS and appsettings.json are not read. For the
        // latter, the other builders watch all folders below the working directory, which is the whole file system in a container.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "smm-dashboard" });
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRoutingCore().AddSingleton<IConnectionListenerFactory>(provider => new LimitedTransport(
            endpoint => ReferenceEquals(endpoint, options.Status) ? null
                : ReferenceEquals(endpoint, options.Admin?.Address) ? provider.GetRequiredService<AdminListener>().Connections
                : provider.GetRequiredService<ConnectionLimits>(),
            hooks.Clock, provider.GetRequiredService<ILoggerFactory>()));
        AddLogging(builder.Logging, options.LogLevel);
        AddServices(builder.Services, options, hooks);
        if (options.Kubernetes is { } kubernetes)
            KubernetesMode.Add(builder.Services, options, kubernetes, hooks);
        else
            EmbeddedMode.Add(builder.Services, options, mesh ?? throw new ArgumentNullException(nameof(mesh)), hooks);
        AddMetrics(builder.Services);
        if (options.Admin is { } shown)
            AdminListener.AddTo(builder.Services, shown, options.Kubernetes?.TokenAudience, hooks.Clock);
        var certificate = options.Certificate is { } files ? new PemCertificate(files.Certificate, files.Key, hooks.Clock) : null;
        builder.Services.AddSingleton<IMetricSource>(new CertificateMetrics(certificate));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            KestrelLimits.Set(kestrel, options.Connections.Idle);
            var connections = kestrel.ApplicationServices.GetRequiredService<ConnectionLimits>();
            foreach (var listen in options.Listen)
                kestrel.Listen(listen.Address, endpoint => Serve(endpoint, listen, connections, certificate));
            if (options.Status is { } status)
            {
                kestrel.Listen(status, endpoint =>
                {
                    endpoint.Use(connections.UntilEnd);
                    StatusEndpoints.Mark(endpoint);
                });
            }

            if (options.Admin is { } admin)
                kestrel.Listen(admin.Address, kestrel.ApplicationServices.GetRequiredService<AdminListener>().Serve);
        });

        var app = builder.Build();
        var status = app.Services.GetRequiredService<StatusEndpoints>();
        app.MapWhen(StatusEndpoints.IsFor, branch => branch.Run(status.AnswerAsync));
        if (options.Admin is not null)
            app.MapWhen(AdminListener.IsFor, branch => branch.Run(app.Services.GetRequiredService<AdminListener>().AnswerAsync));
        app.UseMiddleware<RequestGuard>();
        Map(app);
        return app;
    }

    // The time until kube-proxy and a load balancer notice that a pod is not ready.
    private static readonly TimeSpan StopDelay = TimeSpan.FromSeconds(5);

    private static void AddLogging(ILoggingBuilder logging, LogLevel level)
    {
        logging.ClearProviders();
        logging.AddConsole(console => console.FormatterName = OneLineConsole.FormatterName);
        logging.Services.AddSingleton<ConsoleFormatter, OneLineConsole>();
        logging.SetMinimumLevel(level);
        logging.AddFilter("Microsoft", level < LogLevel.Warning ? LogLevel.Warning : level);
        // It would keep an Activity for each held request. Failures are logged by RequestGuard, and those of a response by the server.
        if (level > LogLevel.Debug)
            logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
    }

    private static void AddServices(IServiceCollection services, DashboardOptions options, DashboardTestHooks hooks)
    {
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(15));
        services.AddSingleton(hooks.Clock);
        services.AddSingleton(hooks.Addresses);
        services.AddSingleton(options.DialBackRates);
        services.AddSingleton(options.TrustedProxies)
            .AddSingleton(provider => new RequestRates(options.Rates, hooks.Clock, provider.GetRequiredService<ILogger<RequestRates>>()))
            .AddSingleton(new AuthorityFiles(options.Authorities, options.Certificate?.Certificate));
        services.AddSingleton(ConnectionBudget.Calculate(options.Connections, hasRegistration: options.Registration is not null))
            .AddSingleton(provider => Connections(provider, options.Connections));
        services.AddSingleton(new PackageFolder(options.Packages));
        services.AddSingleton<StatusEndpoints>().AddHostedService<GracefulStop>().AddHostedService<HeapTrimmer>();
        services.AddSingleton(new GracefulStop.Settings(options.Kubernetes is null ? TimeSpan.Zero : StopDelay));
        services.AddSingleton<BackgroundFailure>().AddSingleton<GroupAccess>().AddSingleton<AgentAccess>();
        services.AddSingleton(provider => new DialScheduler(hooks.Clock, provider.GetRequiredService<ILogger<DialScheduler>>()))
            .AddSingleton(new DialBackResults(isKept: options.Admin is not null, hooks.Clock)).AddSingleton<DialBackRates>()
            .AddSingleton<DialBackLimits>().AddSingleton<Dialler>();
        services.AddSingleton<AgentPackages>().AddSingleton<SidecarPackages>();
        AddEndpoints(services);
    }

    private static void AddMetrics(IServiceCollection services) => services
        .AddSingleton<IMetricSource, ProcessMetrics>().AddSingleton<IMetricSource, MachineMetrics>()
        .AddSingleton<RequestMetrics>().AddSingleton<IMetricSource>(provider => provider.GetRequiredService<RequestMetrics>())
        .AddSingleton<IMetricSource>(provider => provider.GetRequiredService<AgentsEndpoint>())
        .AddSingleton<IMetricSource>(provider => provider.GetRequiredService<Dialler>())
        .AddSingleton(provider => ScrapeTargets.Page(
            provider.GetRequiredService<IMachineSource>(), provider.GetRequiredService<AddressPolicy>()));

    private static void AddEndpoints(IServiceCollection services) => services
        .AddSingleton<MeshConfigEndpoint>().AddSingleton<TokensEndpoint>().AddSingleton<AgentsEndpoint>().AddSingleton<AgentTokenEndpoint>()
        .AddSingleton<RegistrationEndpoint>().AddSingleton<DialBackEndpoint>().AddSingleton<PackagesEndpoint>()
        .AddSingleton<InstallScriptEndpoint>().AddSingleton<WhoAmIEndpoint>().AddSingleton<AuthorityEndpoint>();

    private static ConnectionLimits Connections(IServiceProvider provider, ConnectionSettings settings)
    {
        var (budget, log) = (provider.GetRequiredService<ConnectionBudget>(), provider.GetRequiredService<ILogger<ConnectionLimits>>());
        if (budget.Api < settings.Total)
            log.FewConnections("--connections", budget.Api, settings.Total, settings.OpenFiles ?? 0);
        if (budget.Registration > 0 && ConnectionBudget.RegistrationConnections(settings.RegisteredSidecars) is var wanted
            && budget.Registration < wanted)
            log.FewConnections("--registered-sidecars", budget.Registration, wanted, settings.OpenFiles ?? 0);
        var perClient = Math.Min(budget.Api, settings.PerClient ?? ConnectionBudget.DefaultPerClient(budget.Api));
        return new ConnectionLimits(budget.Api, perClient, provider.GetRequiredService<TimeProvider>(), log)
        {
            TotalOption = " (--connections)", PerClientOption = " (--client-connections)",
        };
    }

    private static void Map(WebApplication app)
    {
        app.MapApi(HttpMethods.Get, "/healthz", async context =>
        {
            context.Response.ContentType = "text/plain; charset=utf-8";
            await context.Response.WriteAsync("ok");
            return null;
        });
        var services = app.Services;
        services.GetRequiredService<InstallScriptEndpoint>().Map(app);
        services.GetRequiredService<AuthorityEndpoint>().Map(app);
        services.GetRequiredService<PackagesEndpoint>().Map(app);
        services.GetRequiredService<MeshConfigEndpoint>().Map(app);
        services.GetRequiredService<WhoAmIEndpoint>().Map(app);
        services.GetRequiredService<TokensEndpoint>().Map(app);
        services.GetRequiredService<AgentsEndpoint>().Map(app);
        services.GetRequiredService<AgentTokenEndpoint>().Map(app);
        services.GetRequiredService<RegistrationEndpoint>().Map(app);
        services.GetRequiredService<DialBackEndpoint>().Map(app);
    }

    // Agents use HTTP/1.1. HTTP/2 would add a second protocol to the attack surface.
    private static void Serve(ListenOptions endpoint, Listen listen, ConnectionLimits connections, PemCertificate? certificate)
    {
        endpoint.Protocols = HttpProtocols.Http1;
        endpoint.Use(connections.UntilEnd);
        if (listen.IsTls)
        {
            endpoint.UseHttps(new TlsHandshakeCallbackOptions
            {
                HandshakeTimeout = TimeSpan.FromSeconds(5),
                OnConnection = _ => ValueTask.FromResult(certificate!.Current),
            });
        }
    }

    /// <summary>The URLs of the started dashboard, with actual port numbers.</summary>
    public static IReadOnlyList<string> Addresses(WebApplication app) =>
        [.. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses];
}
