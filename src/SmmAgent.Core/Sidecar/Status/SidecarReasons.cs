namespace SmmAgent.Core.Sidecar.Status;

/// <summary>The reasons of the conditions about the sidecar that other conditions and the commands depend on.</summary>
public static class SidecarReasons
{
    public const string NotInstalled = nameof(NotInstalled);

    /// <summary>The configuration on the host differs from the desired one.</summary>
    public const string NotWritten = nameof(NotWritten);

    /// <summary>The configuration is written, but the sidecar runs with an older one.</summary>
    public const string RestartNeeded = nameof(RestartNeeded);

    public const string TokenExpired = nameof(TokenExpired);

    public const string TokenUnusable = nameof(TokenUnusable);

    public const string NotRunning = nameof(NotRunning);

    /// <summary>The sidecar runs, but does not serve yet.</summary>
    public const string NotReady = nameof(NotReady);

    /// <summary>The VM is not registered, because its sidecar does not run.</summary>
    public const string SidecarNotRunning = nameof(SidecarNotRunning);
}
