namespace SmmDashboard.Status;

/// <summary>A component that must be ready before the dashboard can serve requests.</summary>
public interface IReadiness
{
    /// <summary>What the component waits for, in one line; null when it is ready.</summary>
    string? WaitsFor { get; }

    /// <summary>What does not work although requests are served, one line each.</summary>
    IEnumerable<string> Limitations => [];
}
