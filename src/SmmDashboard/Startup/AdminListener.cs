using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using SmmDashboard.Admin;
using SmmDashboard.Admin.Api;
using SmmDashboard.Admin.Machines;
using SmmDashboard.Admin.Serving;
using SmmDashboard.Admin.Viewers;
using SmmDashboard.Http.Connections;
using SmmDashboard.Tls;

namespace SmmDashboard.Startup;

/// <summary>Composes the listener that shows the machines.</summary>
internal sealed class AdminListener
{
    private readonly PemCertificate? _certificate;
    private readonly AdminEndpoints _endpoints;

    public AdminListener(AdminOptions options, AdminEndpoints endpoints, TimeProvider clock, ILogger<ConnectionLimits> log)
    {
        _endpoints = endpoints;
        _certificate = options.Certificate is { } files ? new PemCertificate(files.Certificate, files.Key, clock) : null;
        Connections = new ConnectionLimits(AdminOptions.Connections, AdminOptions.Connections, clock, log);
    }

    /// <summary>The limits of its connections, which do not count those of VMs.</summary>
    public ConnectionLimits Connections { get; }

    /// <param name="services">The services of the dashboard, with those of its mode.</param>
    /// <param name="options">The options of the listener.</param>
    /// <param name="audience">The audience of tokens; null when no token is required.</param>
    /// <param name="clock">The clock.</param>
    public static void AddTo(IServiceCollection services, AdminOptions options, string? audience, TimeProvider clock)
    {
        services.AddSingleton(options).AddSingleton(new SignIn.Settings(audience ?? "", options.IsTls)).AddSingleton(new Sessions(clock));
        services.AddSingleton<MachineIndex>().AddHostedService(provider => provider.GetRequiredService<MachineIndex>());
        services.AddSingleton<AdminReader>().AddSingleton<AdminRoutes>().AddSingleton<MachineEvents>().AddSingleton<SignIn>()
            .AddSingleton<AdminEndpoints>().AddSingleton<AdminListener>();
    }

    public static bool IsFor(HttpContext context) => AdminConnection.IsFor(context);

    public Task AnswerAsync(HttpContext context) => _endpoints.AnswerAsync(context);

    public void Serve(ListenOptions endpoint)
    {
        endpoint.Protocols = HttpProtocols.Http1;
        endpoint.Use(Connections.UntilEnd);
        if (_certificate is { } certificate)
        {
            endpoint.UseHttps(new TlsHandshakeCallbackOptions
            {
                HandshakeTimeout = TimeSpan.FromSeconds(5),
                OnConnection = _ => ValueTask.FromResult(certificate.Current),
            });
        }

        AdminConnection.Mark(endpoint);
    }
}
