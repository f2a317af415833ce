using System.Text.Json;
using SmmDashboard.Kubernetes.Checks;
using SmmDashboard.Kubernetes.Tests.Deploy;

namespace SmmDashboard.Kubernetes.Tests.Checks;

/// <summary>The form of the report, and invalid command lines.</summary>
[Collection(CheckedCluster.Tests)]
public sealed class ClusterCheckReportTests(CheckedCluster cluster)
{
    private static readonly string[] Range = ["--cluster-range", "10.96.0.0/24"];

    [Fact]
    public async Task UnreachableApiServerIsTheOnlyLine()
    {
        await cluster.RequireAsync();
        var kubeconfig = cluster.WriteKubeconfig("away", new("https://127.0.0.1:1"), "token");

        var (exitCode, output, error) = await cluster.CheckAsync("--kubeconfig", kubeconfig, "--output", "json");

        Assert.Equal((1, ""), (exitCode, error));
        using var report = JsonDocument.Parse(output);
        var check = Assert.Single(report.RootElement.GetProperty("checks").EnumerateArray());
        Assert.Equal(("kubernetes-api-server", "fail"), (check.GetProperty("id").GetString(), check.GetProperty("status").GetString()));
        Assert.Contains("the API server cannot be reached", check.GetProperty("results")[0].GetProperty("found").GetString(),
            StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, report.RootElement.GetProperty("serverVersion").ValueKind);
    }

    [Fact]
    public async Task JsonReportHasEveryCheckInOrder()
    {
        var (_, output, _) = await cluster.CheckAsync([.. Range, "--output", "json"]);

        using var report = JsonDocument.Parse(output);
        var checks = report.RootElement.GetProperty("checks").EnumerateArray().ToList();
        Assert.Equal(ClusterCheckDefinition.All.Select(check => check.Id), checks.Select(check => check.GetProperty("id").GetString()));
        Assert.Equal(
            checks.Sum(check => check.GetProperty("results").GetArrayLength()),
            report.RootElement.GetProperty("summary").EnumerateObject().Sum(count => count.Value.GetInt32()));
    }

    [Fact]
    public void EveryCheckIsDocumented()
    {
        var page = File.ReadAllText(Path.Combine(Manifests.Source, "../../docs/dashboard-check.md"));
        Assert.Empty(ClusterCheckDefinition.All.Where(check => !page.Contains($"`{check.Id}`", StringComparison.Ordinal))
            .Select(check => check.Id));
    }

    [Theory]
    [InlineData("check needs --kubernetes or --mesh FILE: smm-dashboard check --kubernetes [--kubeconfig FILE]", "check")]
    [InlineData("--output: 'xml' is not one of text, json, yaml; for example: --output json", "check", "--kubernetes", "--output", "xml")]
    [InlineData("--account 'smm-dashboard' is not NAMESPACE/NAME of a service account, for example smm-dashboard/smm-dashboard", "check",
        "--kubernetes", "--account", "smm-dashboard")]
    [InlineData("/none: not a usable kubeconfig: no such file or directory; give another file: --kubeconfig FILE", "check", "--kubernetes",
        "--kubeconfig", "/none")]
    [InlineData(
        "KUBERNETES_SERVICE_HOST is not set, so the program does not run in a pod: run it in one, or name a kubeconfig "
            + "with --kubeconfig FILE",
        "check", "--kubernetes")]
    public async Task InvalidUsageIsReportedInOneLineWithExitCode2(string message, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();

        Assert.Equal(2, await SmmDashboard.Startup.EntryPoint.MainAsync(arguments, error, output));

        Assert.StartsWith($"smm-dashboard: {message}", error.ToString(), StringComparison.Ordinal);
        Assert.Equal("", output.ToString());
    }
}
