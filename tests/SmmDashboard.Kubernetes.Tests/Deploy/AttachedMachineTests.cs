using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using SmmAgent.Testbed;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Deploy;

/// <summary>The kind AttachedMachine in the real API server: what it takes, what it refuses, and how kubectl shows it.</summary>
[Collection(DeployedCluster.Tests)]
public sealed partial class AttachedMachineTests(RunningApiServer server, DeployedCluster cluster)
{
    private const string Path = "apis/smm-agent.io/v1alpha1/namespaces/other/attachedmachines";
    private static readonly string Key = new('0', 64);

    [Theory]
    [InlineData("""{"metadata":{"name":"Vm1"},"spec":{"workloadGroup":"analytics-v0","keySha256":"KEY"}}""", "metadata.name")]
    [InlineData("""{"metadata":{"name":"vm1"},"spec":{"workloadGroup":"analytics-v0","keySha256":"KEY"}}""", "metadata.name")]
    [InlineData("""{"metadata":{"name":"NAME"}}""", "spec")]
    [InlineData("""{"metadata":{"name":"NAME"},"spec":{"workloadGroup":"","keySha256":"KEY"}}""", "spec.workloadGroup")]
    [InlineData("""{"metadata":{"name":"NAME"},"spec":{"workloadGroup":"analytics-v0"}}""", "spec.keySha256")]
    [InlineData("""{"metadata":{"name":"NAME"},"spec":{"workloadGroup":"analytics-v0","keySha256":"0123"}}""", "spec.keySha256")]
    public async Task MachineWithoutABindingIsRefused(string body, string field)
    {
        await cluster.RequireAsync();

        var (status, answer) = await CallAsync(HttpMethod.Post, Path, Typed(body, $"{Guid.NewGuid()}"));

        Assert.Equal((HttpStatusCode)422, status);
        Assert.Contains(field, answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(
        """{"status":{"conditions":[{"type":"Attached","status":"Maybe","reason":"R","message":"","lastTransitionTime":"2026-11-28T10:00:00Z"}]}}""", "status.conditions")]
    [InlineData("""{"status":{"conditions":[{"type":"Attached"}]}}""", "status.conditions")]
    [InlineData("""{"status":{"lastReportTime":"yesterday"}}""", "status.lastReportTime")]
    [InlineData("""{"status":{"address":"a name that is much longer than any address of IPv6"}}""", "status.address")]
    public async Task InvalidStatusIsRefused(string body, string field)
    {
        await cluster.RequireAsync();
        var name = await MadeAsync();

        var (status, answer) = await CallAsync(HttpMethod.Patch, $"{Path}/{name}/status", body);

        Assert.Equal((HttpStatusCode)422, status);
        Assert.Contains(field, answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StatusIsWrittenOnlyThroughItsSubresource()
    {
        await cluster.RequireAsync();
        var name = await MadeAsync(""","status":{"host":"made"}""");

        await CallAsync(HttpMethod.Patch, $"{Path}/{name}", """{"status":{"host":"patched"}}""");

        Assert.DoesNotContain("\"status\"", await server.AdminAsync(HttpMethod.Get, $"{Path}/{name}"), StringComparison.Ordinal);
    }

    /// <summary>
    /// The rule is one of CEL, which servers have since 1.25. An older one would take the change: there the missing right refuses it.
    /// </summary>
    [Fact]
    public async Task BindingNeverChanges()
    {
        await cluster.RequireAsync();
        var name = await MadeAsync();

        var (status, answer) = await CallAsync(HttpMethod.Patch, $"{Path}/{name}", """{"spec":{"workloadGroup":"another"}}""");

        if (await MinorVersionAsync() < 25)
        {
            Assert.Equal(HttpStatusCode.OK, status);
            return;
        }

        Assert.Equal((HttpStatusCode)422, status);
        Assert.Contains("the spec never changes; delete the object to let the machine bind again", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task KubectlListsOneLinePerMachine()
    {
        await cluster.RequireAsync();
        var name = await MadeAsync();
        var (status, answer) = await CallAsync(HttpMethod.Patch, $"{Path}/{name}/status", """
            {"status":{"host":"vm1.example.com","address":"192.0.2.7","agentVersion":"0.1.0","sidecarVersion":"1.29.1","lastReportTime":"2026-11-28T10:00:00Z","conditions":[
             {"type":"AgentConnected","status":"True","reason":"Reported","message":"","lastTransitionTime":"2026-11-28T10:00:00Z"},
             {"type":"Attached","status":"False","reason":"PortsClosed","message":"port 16400 is closed","lastTransitionTime":"2026-11-28T10:00:00Z"}]}}
            """);
        Assert.True(status == HttpStatusCode.OK, answer);

        var shown = await Terminal.PipedAsync([
            KubeAssets.Program("kubectl"), $"--server={server.Address}", $"--certificate-authority={server.CaFile}",
                $"--token={RunningApiServer.AdminToken}",
            $"--cache-dir={server.ServiceAccountFolder("")}", "get", "am", "-A",
        ]);

        Assert.Equal((0, ""), (shown.ExitCode, shown.Error));
        var lines = shown.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => Spaces().Split(line.Trim())).ToList();
        Assert.Equal(
            ["NAMESPACE", "NAME", "GROUP", "HOST", "ADDRESS", "AGENT", "SIDECAR", "CONNECTED", "ATTACHED", "REASON", "SEEN", "AGE"],
            lines[0]);
        var machine = Assert.Single(lines, line => line.Contains(name));
        Assert.Equal(["other", name, "analytics-v0", "vm1.example.com", "192.0.2.7", "0.1.0", "1.29.1", "True", "False", "PortsClosed"],
            machine[..10]);
    }

    [Fact]
    public async Task OnlyKindsThatAreNewerThanTheServerAreLeftOut()
    {
        await cluster.RequireAsync();
        var version = await MinorVersionAsync();

        Assert.Equal(
            [
                .. version < 21 ? ["PodDisruptionBudget smm-dashboard/smm-dashboard"] : (string[])[],
                .. version < 30 ? ["ValidatingAdmissionPolicy smm-dashboard-tokens",
                    "ValidatingAdmissionPolicyBinding smm-dashboard-tokens"] : (string[])[],
            ],
            cluster.NotServed.Order(StringComparer.Ordinal));
    }

    private async Task<string> MadeAsync(string more = "")
    {
        var name = $"{Guid.NewGuid()}";
        var body = $$$"""{"metadata":{"name":"NAME"},"spec":{"workloadGroup":"analytics-v0","keySha256":"KEY"}{{{more}}}}""";
        var (status, answer) = await CallAsync(HttpMethod.Post, Path, Typed(body, name));
        Assert.True(status == HttpStatusCode.Created, answer);
        return name;
    }

    private static string Typed(string body, string name) =>
        body.Replace("NAME", name, StringComparison.Ordinal).Replace("KEY", Key, StringComparison.Ordinal)
        .Insert(1, "\"apiVersion\":\"smm-agent.io/v1alpha1\",\"kind\":\"AttachedMachine\",");

    private async Task<(HttpStatusCode Status, string Body)> CallAsync(HttpMethod method, string path, string body)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Content = new StringContent(
            body, Encoding.UTF8, method == HttpMethod.Patch ? "application/merge-patch+json" : "application/json");
        using var response = await server.Admin.SendAsync(request, TestContext.Current.CancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private async Task<int> MinorVersionAsync()
    {
        using var version = JsonDocument.Parse(await server.AdminAsync(HttpMethod.Get, "version"));
        return int.Parse(version.RootElement.GetProperty("minor").GetString()!.TrimEnd('+'),
            System.Globalization.CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(" {2,}")]
    private static partial Regex Spaces();
}
