using SmmDashboard.Hosting;

namespace SmmDashboard.Http.Connections;

/// <summary>How many connections an administrator allows, and how long they may be idle.</summary>
public sealed record ConnectionSettings
{
    public const int DefaultTotal = 20_000;

    /// <summary>Of the API's listeners together. The limit on open files may allow fewer.</summary>
    public int Total { get; init; } = DefaultTotal;

    /// <summary>Of one client address (IPv4 address, IPv6 /64); null is a quarter of what is allowed in total.</summary>
    public int? PerClient { get; init; }

    /// <summary>Until the first byte of a request.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The limit on open files; null when it is not known.</summary>
    public int? OpenFiles { get; init; } = OpenFileLimit.Read();
}

/// <summary>How many connections each port accepts, so that files for everything else remain.</summary>
/// <param name="Api">Of the API.</param>
/// <param name="Registration">Of sidecars.</param>
public sealed record ConnectionBudget(int Api, int Registration)
{
    /// <summary>At the embedded mode's registration port: 10,000 registered sidecars, and 2,000 connections that have not registered yet.</summary>
    public const int DefaultRegistration = 12_000;

    // For the runtime's own files (some 200), dial-backs, the API server, packages and files of the data folder.
    private const int Reserve = 512;

    // With a limit that is smaller than that, so that there is a dashboard at all.
    private const int Fewest = 32;

    public static ConnectionBudget Calculate(ConnectionSettings settings, bool hasRegistration)
    {
        var registration = hasRegistration ? DefaultRegistration : 0;
        if (settings.OpenFiles is not { } files)
            return new(settings.Total, registration);

        var available = Math.Max(files - Reserve, Fewest);
        if ((long)settings.Total + registration <= available)
            return new(settings.Total, registration);

        // A VM has one connection for its agent and one for its sidecar.
        var api = Math.Min(settings.Total, hasRegistration ? Math.Max(available / 2, available - registration) : available);
        return new(api, Math.Min(registration, available - api));
    }

    /// <summary>One client's part of a number of connections, where the administrator has not said otherwise.</summary>
    public static int DefaultPerClient(int total) => Math.Max(1, total / 4);
}
