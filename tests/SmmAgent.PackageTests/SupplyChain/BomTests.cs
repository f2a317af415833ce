using System.Text.Json.Nodes;

namespace SmmAgent.PackageTests.SupplyChain;

public sealed class BomTests
{
    [Theory]
    [InlineData("amd64", "linux-x64")]
    [InlineData("arm64", "linux-arm64")]
    public async Task BillOfMaterialsHasThePackagesOfTheLockFileAndTheRuntime(string architecture, string rid)
    {
        var bom = JsonNode.Parse(await File.ReadAllTextAsync(Packages.Bom(architecture), TestContext.Current.CancellationToken))!;
        var locked = Locked(rid);

        Assert.Equal(("CycloneDX", "1.6", Repository.Version),
            ((string?)bom["bomFormat"], (string?)bom["specVersion"], (string?)bom["metadata"]!["component"]!["version"]));
        var components = bom["components"]!.AsArray().Select(component => component!)
            .ToDictionary(component => (string)component["name"]!, StringComparer.Ordinal);
        string[] runtime = [$"Microsoft.AspNetCore.App.Runtime.{rid}", $"Microsoft.NETCore.App.Runtime.NativeAOT.{rid}"];
        Assert.Equal(locked.Keys.Concat(runtime).Order(StringComparer.Ordinal), components.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, (version, hash)) in locked)
        {
            Assert.Equal(version, (string?)components[name]["version"]);
            Assert.Equal($"pkg:nuget/{name}@{version}", (string?)components[name]["purl"]);
            Assert.Equal(Convert.ToHexStringLower(Convert.FromBase64String(hash)), (string?)components[name]["hashes"]![0]!["content"]);
        }

        // Packages of which the compiler and the linker leave nothing are not part of the binary.
        Assert.Equal(
            ["Microsoft.CodeAnalysis.BannedApiAnalyzers", "Microsoft.DotNet.ILCompiler", "Microsoft.NET.ILLink.Tasks",
                $"runtime.{rid}.Microsoft.DotNet.ILCompiler"],
            components.Values.Where(component => (string?)component["scope"] == "excluded").Select(component => (string)component["name"]!)
                .Order(StringComparer.Ordinal));
        var references = components.Values.Select(component => (string)component["bom-ref"]!).Append("smm-agent")
            .Order(StringComparer.Ordinal).ToArray();
        var dependencies = bom["dependencies"]!.AsArray();
        Assert.Equal(references, dependencies.Select(one => (string)one!["ref"]!).Order(StringComparer.Ordinal));
        Assert.Subset(
            references.ToHashSet(), dependencies.SelectMany(one => one!["dependsOn"]!.AsArray()).Select(one => (string)one!).ToHashSet());
    }

    // The packages that the SDK downloaded for the publish of this host.
    [Fact]
    public async Task RuntimeVersionIsTheLinkedVersion()
    {
        var assets = Path.Combine(Repository.Artifacts, "obj", "SmmAgent", "project.assets.json");
        Assert.SkipUnless(File.Exists(assets), $"needs {assets}: ./build.sh package");
        var downloads = JsonNode.Parse(await File.ReadAllTextAsync(assets, TestContext.Current.CancellationToken))!["project"]![
            "frameworks"]!["net10.0"]!["downloadDependencies"]!.AsArray()
            .ToDictionary(one => (string)one!["name"]!, one => ((string)one!["version"]!).Trim('[', ']').Split(',')[0]);
        var rid = Packages.HostArchitecture == "arm64" ? "linux-arm64" : "linux-x64";
        var bom = JsonNode.Parse(
            await File.ReadAllTextAsync(Packages.Bom(Packages.HostArchitecture), TestContext.Current.CancellationToken))!;

        foreach (var name in (string[])[$"Microsoft.NETCore.App.Runtime.NativeAOT.{rid}", $"Microsoft.AspNetCore.App.Runtime.{rid}"])
            Assert.Equal(downloads[name], (string?)bom["components"]!.AsArray().Single(one => (string?)one!["name"] == name)!["version"]);
    }

    [Theory]
    [InlineData("amd64")]
    [InlineData("arm64")]
    public async Task SymbolsMatchTheBinary(string architecture)
    {
        Tool.Needs("xz", "readelf", "dpkg-deb");
        using var folder = new TemporaryFolder();
        var symbols = Path.Combine(folder.Root, "smm-agent.debug");
        await Tool.OutputAsync("sh", "-c", $"xz -dc '{Packages.Symbols(architecture)}' >'{symbols}'");

        Assert.Equal(await BuildIdAsync(await Packages.UnpackedBinaryAsync(architecture, folder)), await BuildIdAsync(symbols));
        Assert.Contains(".debug_info", await Tool.OutputAsync("readelf", "--section-headers", "--wide", symbols), StringComparison.Ordinal);
    }

    private static async Task<string> BuildIdAsync(string file) =>
        Assert.Single((await Tool.OutputAsync("readelf", "--notes", file)).Split('\n'), line =>
            line.Contains("Build ID:", StringComparison.Ordinal)).Trim();

    private static Dictionary<string, (string Version, string Hash)> Locked(string rid)
    {
        var locked = new Dictionary<string, (string, string)>(StringComparer.Ordinal);
        var frameworks = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "src/SmmAgent/packages.lock.json")))![
            "dependencies"]!;
        foreach (var (name, entry) in ((string[])["net10.0", $"net10.0/{rid}"]).SelectMany(framework => frameworks[framework]!.AsObject()))
        {
            if ((string?)entry!["type"] != "Project")
                locked[name] = ((string)entry["resolved"]!, (string)entry["contentHash"]!);
        }

        return locked;
    }
}
