using SmmDashboard.Hosting;

namespace SmmDashboard.Http.Connections;

/// <summary>The number of connections that an administrator allows, and the time they may be idle.</summary>
public sealed record ConnectionSettings
{
    /// <summary>20,000 VMs, each with a request in long-poll and another one.</summary>
    public const int DefaultTotal = 40_000;

    /// <summary>The limit for all listeners of the API together. The limit on open files may allow fewer.</summary>
    public int Total { get; init; } = DefaultTotal;

    /// <summary>The limit for registered sidecars in the embedded mode. The limit on open files may allow fewer.</summary>
    public int RegisteredSidecars { get; init; } = ConnectionBudget.DefaultRegisteredSidecars;

    /// <summary>The limit for one client address (IPv4 address or IPv6 /64); null is a quarter of the total.</summary>
    public int? PerClient { get; init; }

    /// <summary>The time until the first byte of a request.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The limit on open files; null when it is not known.</summary>
    public int? OpenFiles { get; init; } = OpenFileLimit.Read();
}

/// <summary>The number of connections that each port accepts, so that open files remain for everything else.</summary>
/// <param name="Api">The limit for the API.</param>
/// <param name="Registration">The limit for sidecars.</param>
public sealed record ConnectionBudget(int Api, int Registration)
{
    public const int DefaultRegisteredSidecars = 20_000;

    // At least 4 that are silent, and 4 in the handshake.
    private const int FewestPending = 8;

    // Reserved for the files of the runtime (about 200), dial-backs, the API server, packages and the data folder.
    private const int Reserve = 512;

    // The minimum when the limit on open files is below the reserve, so that the dashboard can still answer.
    private const int Fewest = 32;

    public static ConnectionBudget Calculate(ConnectionSettings settings, bool hasRegistration)
    {
        var registration = hasRegistration ? RegistrationConnections(settings.RegisteredSidecars) : 0;
        if (settings.OpenFiles is not { } files)
            return new(settings.Total, registration);

        var available = Math.Max(files - Reserve, Fewest);
        if ((long)settings.Total + registration <= available)
            return new(settings.Total, registration);

        // A VM has one connection for its agent and one for its sidecar.
        var api = Math.Min(settings.Total, hasRegistration ? Math.Max(available / 2, available - registration) : available);
        return new(api, Math.Min(registration, available - api));
    }

    /// <summary>
    /// The connections of the registration port in the embedded mode: those of registered sidecars, and a fifth of them that have not
    /// registered yet.
    /// </summary>
    public static int RegistrationConnections(int registered) => registered + Math.Max(FewestPending, registered / 5);

    /// <summary>The default limit for one client: a quarter of the total.</summary>
    public static int DefaultPerClient(int total) => Math.Max(1, total / 4);
}
