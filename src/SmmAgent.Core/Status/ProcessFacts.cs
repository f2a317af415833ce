namespace SmmAgent.Core.Status;

/// <summary>Facts about the agent's process.</summary>
public sealed record ProcessFacts
{
    public required string Version { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required ProcessUsage Usage { get; init; }

    /// <summary>The number of loops that are overdue. With any, the watchdog is not notified.</summary>
    public int HungLoops { get; init; }
}

/// <summary>The resources that a process uses.</summary>
/// <param name="OpenFiles">The number of open file descriptors; null if it cannot be observed.</param>
/// <param name="MaximumOpenFiles">The limit of open file descriptors; null if there is none, or it cannot be observed.</param>
public sealed record ProcessUsage(TimeSpan CpuTime, long ResidentBytes, long VirtualBytes, long? OpenFiles, long? MaximumOpenFiles);
