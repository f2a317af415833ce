namespace SmmDashboard.Status;

/// <summary>A part that must have started before requests can be answered.</summary>
public interface IReadiness
{
    /// <summary>What it waits for, one line; null when it is ready.</summary>
    string? WaitsFor { get; }

    /// <summary>What does not work although requests can be answered, one line each.</summary>
    IEnumerable<string> Limitations => [];
}
