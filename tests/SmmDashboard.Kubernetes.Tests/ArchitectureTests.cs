namespace SmmDashboard.Kubernetes.Tests;

/// <summary>What the parts of the dashboard may know of each other.</summary>
public sealed class ArchitectureTests
{
    [Theory]
    [InlineData("Kubernetes")]
    [InlineData("Embedded")]
    public void OnlyTheDashboardStartupKnowsTheMeshSource(string source) => Assert.Empty(
        Sources("").Where(file => !file.Path.StartsWith($"{source}/", StringComparison.Ordinal)
            && !file.Path.StartsWith("Startup/", StringComparison.Ordinal))
            .Where(file => file.Text.Contains($"SmmDashboard.{source}", StringComparison.Ordinal))
            .Select(file => file.Path));

    [Theory]
    [InlineData("Kubernetes/Objects")]
    [InlineData("Kubernetes/Composition")]
    [InlineData("Kubernetes/Registration", "KubernetesRegistrations.cs", "WatchedEntries.cs")]
    public void PureFilesUseNeitherClientNorClock(string folder, params string[] except)
    {
        string[] effects = ["System.Net.Http", "System.IO", "TimeProvider", "UtcNow", "ILogger", "Task<", "using k8s", "Kubernetes.Api",
            "Kubernetes.Watching"];
        var files = Sources(folder).Where(file => !except.Contains(Path.GetFileName(file.Path))).ToList();
        Assert.NotEmpty(files);
        Assert.Empty(files.Where(file => effects.Any(effect => file.Text.Contains(effect, StringComparison.Ordinal)))
            .Select(file => file.Path));
    }

    private static IEnumerable<(string Path, string Text)> Sources(string folder)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "SmmAgent.sln")))
            root = root.Parent ?? throw new InvalidOperationException("SmmAgent.sln was not found above the tests");

        var project = Path.Combine(root.FullName, "src/SmmDashboard");
        return Directory.EnumerateFiles(Path.Combine(project, folder), "*.cs", SearchOption.AllDirectories)
            .Select(file => (Path.GetRelativePath(project, file), File.ReadAllText(file)));
    }
}
