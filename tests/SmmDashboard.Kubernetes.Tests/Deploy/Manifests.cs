using System.Text.RegularExpressions;
using SmmAgent.Testbed;

namespace SmmDashboard.Kubernetes.Tests.Deploy;

/// <summary>One rendered object.</summary>
/// <param name="ApiVersion">For example <c>apps/v1</c>.</param>
/// <param name="Kind">For example <c>Deployment</c>.</param>
/// <param name="Namespace">Null for objects of the whole cluster.</param>
/// <param name="Name">Of the object.</param>
/// <param name="Yaml">All of it.</param>
internal sealed record Manifest(string ApiVersion, string Kind, string? Namespace, string Name, string Yaml)
{
    public override string ToString() => $"{Kind} {(Namespace is null ? "" : Namespace + "/")}{Name}";
}

/// <summary>A copy of <c>deploy/kubernetes</c> for a test, and what <c>kubectl kustomize</c> renders of it.</summary>
internal sealed partial class Manifests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("smm-deploy-").FullName;

    public Manifests()
    {
        foreach (var file in Directory.EnumerateFiles(Source, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(_folder, Path.GetRelativePath(Source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    /// <summary>The folder in the repository.</summary>
    public static string Source { get; } = Path.Combine(Repository(), "deploy", "kubernetes");

    public static IReadOnlyList<string> Overlays => Folders("overlays");

    public static IReadOnlyList<string> Components => Folders("components");

    /// <summary>The copy.</summary>
    public string Folder => _folder;

    /// <summary>Writes a file of the copy.</summary>
    public void Write(string path, string text)
    {
        var file = Path.Combine(_folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }

    public async Task<IReadOnlyList<Manifest>> RenderAsync(string folder)
    {
        Assert.SkipWhen(KubeAssets.Folder is null, "needs kubectl: ./build.sh kube-assets");
        var rendered = await Terminal.PipedAsync([KubeAssets.Program("kubectl"), "kustomize", Path.Combine(_folder, folder)]);
        Assert.Equal("", rendered.Error);
        Assert.Equal(0, rendered.ExitCode);
        return Read(rendered.Output);
    }

    public static IReadOnlyList<Manifest> Read(string yaml) => [.. yaml.Split("\n---\n").Select(One)];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // What kustomize prints has no comments, and a fixed indentation. Of a namespace and a name in metadata, others are indented more.
    private static Manifest One(string yaml)
    {
        var metadata = Metadata().Match(yaml).Value;
        return new(
            ApiVersion().Match(yaml).Groups[1].Value,
            Kind().Match(yaml).Groups[1].Value,
            Namespace().Match(metadata) is { Success: true } found ? found.Groups[1].Value : null,
            Name().Match(metadata).Groups[1].Value,
            yaml);
    }

    private static List<string> Folders(string kind) =>
        [.. Directory.EnumerateDirectories(Path.Combine(Source, kind)).Select(folder => Path.GetFileName(folder)!)
            .Order(StringComparer.Ordinal)];

    private static string Repository()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "SmmAgent.sln")))
            root = root.Parent ?? throw new InvalidOperationException("SmmAgent.sln was not found above the tests");
        return root.FullName;
    }

    [GeneratedRegex("^apiVersion: (.+)$", RegexOptions.Multiline)]
    private static partial Regex ApiVersion();

    [GeneratedRegex("^kind: (.+)$", RegexOptions.Multiline)]
    private static partial Regex Kind();

    [GeneratedRegex("^metadata:\n(  .*\n?)+", RegexOptions.Multiline)]
    private static partial Regex Metadata();

    [GeneratedRegex("^  namespace: (.+)$", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex("^  name: (.+)$", RegexOptions.Multiline)]
    private static partial Regex Name();
}
