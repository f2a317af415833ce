namespace SmmAgent.Linux.Packages;

/// <summary>How a removal ended. What counts is what the package database says then, not an exit code.</summary>
public abstract record RemovalOutcome
{
    private RemovalOutcome()
    {
    }

    /// <param name="Version">The version that was there, or begun; null when the database did not know.</param>
    public sealed record Removed(string? Version) : RemovalOutcome;

    /// <summary>There was none; configuration that an earlier removal had left is gone.</summary>
    public sealed record NotInstalled : RemovalOutcome;

    /// <param name="After">What is there now; null when that cannot be seen.</param>
    public sealed record Failed(PackageFailure Failure, PackageState? After) : RemovalOutcome;
}
