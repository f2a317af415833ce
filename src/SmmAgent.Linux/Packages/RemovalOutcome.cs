namespace SmmAgent.Linux.Packages;

/// <summary>The result of a removal. The package database decides, not an exit code.</summary>
public abstract record RemovalOutcome
{
    private RemovalOutcome()
    {
    }

    /// <param name="Version">The version that was installed, completely or not; null when the database did not have it.</param>
    public sealed record Removed(string? Version) : RemovalOutcome;

    /// <summary>The package was not installed. Configuration that an earlier removal left was removed.</summary>
    public sealed record NotInstalled : RemovalOutcome;

    /// <param name="After">The state afterwards; null when it cannot be read.</param>
    public sealed record Failed(PackageFailure Failure, PackageState? After) : RemovalOutcome;
}
