using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace SmmAgent.Tests;

/// <summary>The direction of dependencies: Contract, then Core, then Linux, then the agent; the dashboard sees Contract only.</summary>
public sealed partial class ArchitectureTests
{
    [Theory]
    [InlineData("SmmAgent.Contract", "")]
    [InlineData("SmmAgent.Core", "SmmAgent.Contract")]
    [InlineData("SmmAgent.Linux", "SmmAgent.Core")]
    [InlineData("SmmAgent", "SmmAgent.Linux")]
    [InlineData("SmmDashboard", "SmmAgent.Contract")]
    public void EachProjectReferencesOnlyTheOneBelowIt(string project, string sees) =>
        Assert.Equal(sees, string.Join(' ', ProjectReferences(project)));

    [Fact]
    public void CoreDoesNoInputAndNoOutput()
    {
        string[] effects = ["System.Net.Sockets", "System.Net.Http", "System.Net.NameResolution", "System.Diagnostics.Process",
            "System.Console"];
        var references = typeof(Core.Conditions.ConditionUpdate).Assembly.GetReferencedAssemblies().Select(reference => reference.Name);

        Assert.Empty(references.Intersect(effects));
    }

    // What is opened elsewhere would be captured by the sidecar. The others stay on this host.
    [Fact]
    public void OnePlaceOpensTheConnectionsToOtherHosts()
    {
        Assert.Equal(
            ["BusAddress.cs", "Connector.cs", "ServiceNotifier.cs", "SidecarDns.cs", "SidecarReadiness.cs"],
            AgentSources().Where(file => file.Text.Contains("new Socket(", StringComparison.Ordinal)
                || file.Text.Contains("new TcpClient(", StringComparison.Ordinal)).Select(file => file.Name));
        Assert.All(
            AgentSources().Where(file => file.Text.Contains("new SocketsHttpHandler", StringComparison.Ordinal)
                && file.Name != "SidecarMetricsEndpoint.cs"),
            file => Assert.Contains("ConnectCallback =", file.Text, StringComparison.Ordinal));
        Assert.Equal(
            ["HostResolver.cs"],
            AgentSources().Where(file => file.Text.Contains(" Dns.", StringComparison.Ordinal)
                || file.Text.Contains("(Dns.", StringComparison.Ordinal)).Select(file => file.Name));
    }

    [Fact]
    public void NoTwoNamespacesDependOnEachOther() => Assert.Empty(new NamespaceGraph(Repository.PathOf("src")).Cyclic());

    /// <summary>A reader who searches for a type finds one. Parts of a type and its generic forms stand in one folder.</summary>
    [Fact]
    public void ANameOfATypeIsUsedOnce() => Assert.Empty(
        Directory.EnumerateFiles(Repository.PathOf("src"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(path => TopLevelType().Matches(File.ReadAllText(path))
                .Select(
                    match => (Name: match.Groups[1].Value, Folder: Path.GetRelativePath(Repository.Root, Path.GetDirectoryName(path)!))))
            .Distinct()
            .GroupBy(type => type.Name, type => type.Folder)
            .Where(folders => folders.Count() > 1)
            .Select(folders => $"{folders.Key}: {string.Join(", ", folders)}"));

    /// <summary>Cli, Daemon, Checks and Bundle use Host; Cli also uses Checks and Bundle, and its run command starts the daemon.</summary>
    [Fact]
    public void HostIsBelowEverythingThatUsesIt()
    {
        Dictionary<string, string[]> allowed = new()
        {
            ["Bundle"] = ["Host"],
            ["Checks"] = ["Host", "Logging"],
            ["Cli"] = ["Bundle", "Checks", "Host", "Logging"],
            ["Daemon"] = ["Host", "Logging"],
            ["Host"] = ["Logging"],
            ["Logging"] = [],
        };
        var forbidden = new NamespaceGraph(Repository.PathOf("src")).Edges
            .Where(edge => Part(edge.From) is { } from && Part(edge.To) is { } to && from != to && !allowed[from].Contains(to))
            .Where(edge => edge is not { To: "SmmAgent.Daemon.Lifetime" or "SmmAgent.Daemon.Loop", File: "RunCommand.cs" })
            .Select(edge => $"{edge.From} -> {edge.To} ({edge.File})");

        Assert.Empty(forbidden);

        string? Part(string name) => name.Split('.') is ["SmmAgent", var part, ..] && allowed.ContainsKey(part) ? part : null;
    }

    [Fact]
    public void OnlyTheEdgeOfTheProcessReadsClockPrivilegeAndConsole()
    {
        string[] edge = ["HostComposition.cs", "FirewallComposition.cs", "SidecarComposition.cs", "Progress.cs"];
        var inner = Directory.EnumerateFiles(Repository.PathOf("src", "SmmAgent", "Host"), "*.cs", SearchOption.AllDirectories)
            .Where(path => !edge.Contains(Path.GetFileName(path)));

        Assert.Empty(inner
            .Where(path => File.ReadAllText(path) is var text
                && (text.Contains("TimeProvider.System", StringComparison.Ordinal)
                    || text.Contains("Environment.IsPrivilegedProcess", StringComparison.Ordinal)
                    || text.Contains("OnConsole", StringComparison.Ordinal)))
            .Select(Path.GetFileName));
    }

    private static IEnumerable<(string Name, string Text)> AgentSources() =>
        ((string[])["SmmAgent.Core", "SmmAgent.Linux", "SmmAgent"])
            .SelectMany(project => Directory.EnumerateFiles(Repository.PathOf("src", project), "*.cs", SearchOption.AllDirectories))
            .Order(StringComparer.Ordinal).Select(path => (Path.GetFileName(path), File.ReadAllText(path)))
            .OrderBy(file => file.Item1, StringComparer.Ordinal);

    private static IEnumerable<string> ProjectReferences(string project) =>
        XDocument.Load(Repository.PathOf("src", project, $"{project}.csproj"))
            .Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension((string)reference.Attribute("Include")!));

    [GeneratedRegex(
        @"^(?:public|internal)(?: (?:static|sealed|abstract|partial|readonly|ref|unsafe))*"
        + @" (?:class|interface|enum|record struct|record|struct|delegate \S+) (\w+)",
        RegexOptions.Multiline)]
    private static partial Regex TopLevelType();
}
