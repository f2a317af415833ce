using System.Text.Json;
using SmmDashboard.Startup;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Embedded.Mesh;

/// <summary><c>smm-dashboard check --mesh FILE</c>.</summary>
public sealed class MeshFileCheckTests
{
    [Fact]
    public async Task ValidFileIsReportedWithTheNumberOfItsGroups()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("mesh.yaml", new MeshYaml().ToString());
        Assert.Equal((0, $"✓ {file} is valid: 2 WorkloadGroups, 0 warnings\n", ""), await CheckAsync("--mesh", file));
    }

    [Theory]
    [InlineData("network: vm-network-1", "network: 7", "groups[0].workloadGroup.network: ")]
    [InlineData("{ http: 8080, grpc: 8082 }", "{ http: 99999 }", "groups[0].workloadGroup.ports.http: 99999 is not a TCP port")]
    [InlineData("addresses: [ 13.48.73.61, gw.example.com ]", "addresses: [ 13.48.73.61, '-' ]", "meshExpansionGateways[0].addresses[1]: ")]
    [InlineData("  meshId: mesh1\n", "", "mesh.meshId: is required and missing")]
    [InlineData("  meshId: mesh1\n", "  meshId: [\n", "is not valid YAML")]
    public async Task FaultIsOneLineWithTheLineOfTheFile(string old, string changed, string fault)
    {
        using var folder = new TemporaryFolder();
        var yaml = new MeshYaml().ToString();
        var at = yaml.IndexOf(old, StringComparison.Ordinal);
        var line = yaml[..at].Count(c => c == '\n') + (changed.Length == 0 ? 0 : 1);
        var file = folder.Write("mesh.yaml", yaml.Remove(at, old.Length).Insert(at, changed));

        var (exitCode, output, _) = await CheckAsync("--mesh", file);

        Assert.Equal(1, exitCode);
        var found = output.Split('\n').First(one => one.Contains(fault, StringComparison.Ordinal));
        if (changed.EndsWith("[\n", StringComparison.Ordinal))
            Assert.Matches(@":\d+: is not valid YAML", found);
        else
            Assert.StartsWith($"✗ {file}:{line}: ", found, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnknownKeyIsAWarningWithItsLineAndJsonHasTheSame()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("mesh.yaml", new MeshYaml { Head = "publicUrl: https://smm.example.com\nclusterRange: x\n" }.ToString());

        var (exitCode, output, _) = await CheckAsync("--mesh", file);
        Assert.Equal(0, exitCode);
        Assert.Contains($"! {file}:2: clusterRange: is an unknown key and has no effect", output, StringComparison.Ordinal);

        (_, output, _) = await CheckAsync("--mesh", file, "-o", "json");
        var warning = JsonDocument.Parse(output).RootElement.GetProperty("warnings")[0];
        Assert.Equal((2, "clusterRange"), (warning.GetProperty("line").GetInt32(), warning.GetProperty("path").GetString()));
    }

    [Fact]
    public async Task MissingFileIsAFaultAndBothSourcesAreWrongUsage()
    {
        Assert.Equal(1, (await CheckAsync("--mesh", "/nowhere/mesh.yaml")).ExitCode);
        Assert.Equal(2, (await CheckAsync("--mesh", "/nowhere/mesh.yaml", "--kubernetes")).ExitCode);
        Assert.Equal(2, (await CheckAsync()).ExitCode);
    }

    private static async Task<(int ExitCode, string Output, string Error)> CheckAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = await EntryPoint.MainAsync(["check", .. arguments], error, output);
        return (exitCode, output.ToString(), error.ToString());
    }
}
