namespace SmmAgent.Host;

/// <summary>The exit codes of the commands; smm-agent(8) documents them.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>A check or a step failed; for <c>status</c>: not running, or stale.</summary>
    public const int Failed = 1;

    /// <summary>Wrong usage, or an invalid configuration.</summary>
    public const int Usage = 2;

    /// <summary>Needs root.</summary>
    public const int NotPermitted = 3;

    /// <summary>The dashboard refused: 401, 403, 404 or 426.</summary>
    public const int Refused = 4;

    public const int Timeout = 5;
}
