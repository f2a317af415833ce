namespace SmmAgent.Testbed;

/// <summary>The paths of the programs that the testbed starts.</summary>
public static class Programs
{
    /// <summary>The published native binary: the path in SMM_AGENT, or the output of <c>./build.sh publish</c>.</summary>
    public static string Agent { get; } = Environment.GetEnvironmentVariable("SMM_AGENT") is { Length: > 0 } path
        ? path
        : Path.Combine(Artifacts, "publish", "SmmAgent", "release", "smm-agent");

    /// <summary>The folder with all build output: two levels above this assembly is artifacts/bin.</summary>
    public static string Artifacts => Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", ".."));

    public static IReadOnlyList<string> Dashboard { get; } = ["dotnet", Built("SmmDashboard", "smm-dashboard.dll")];

    public static IReadOnlyList<string> StandIn { get; } = ["dotnet", Built("MeshStandIn", "mesh-stand-in.dll")];

    /// <summary>Why the testbed cannot be made here; null when it can.</summary>
    public static string? Missing() =>
        !Environment.IsPrivilegedProcess ? "needs root, to make network namespaces"
        : !File.Exists(Agent) ? $"needs the published agent ({Agent}): ./build.sh publish"
        : null;

    // artifacts/bin/PROJECT/CONFIGURATION/
    private static string Configuration => Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));

    private static string Built(string project, string file) => Path.Combine(Artifacts, "bin", project, Configuration, file);
}
