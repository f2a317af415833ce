using Microsoft.Extensions.Time.Testing;
using SmmDashboard.Kubernetes.Api;
using SmmDashboard.Kubernetes.Tests.Running;
using k8s;

namespace SmmDashboard.Kubernetes.Tests.Api;

/// <summary>The client against a real API server: whom it trusts, how long it waits, and what it says.</summary>
public sealed class KubernetesApiTests(RunningApiServer server)
{
    [Fact]
    public async Task CertificateForAnotherNameIsRefused()
    {
        await server.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(server, "etcd.kube-system.svc");
        using var api = Client(proxy.Address, server.ServiceAccountFolder(RunningApiServer.AdminToken));

        var fault = await Assert.ThrowsAsync<ApiException>(() => NamespacesAsync(api));

        Assert.Equal(ApiFault.Untrusted, fault.Fault);
        Assert.Equal(
            "list namespaces: the API server's certificate is not accepted: it is signed by another authority, is for another name, or is "
            + "not valid now: check its address and the CA file",
            fault.Message);
        Assert.Empty(proxy.Requests);
    }

    [Fact]
    public async Task RotatedCaFileIsReadWithoutARestart()
    {
        await server.RequireAsync();
        using var pki = new TestPki("the next CA");
        await using var proxy = await FaultProxy.StartAsync(server, pki: pki);
        var folder = server.ServiceAccountFolder(RunningApiServer.AdminToken);
        using var api = Client(proxy.Address, folder);
        Assert.Equal(ApiFault.Untrusted, (await Assert.ThrowsAsync<ApiException>(() => NamespacesAsync(api))).Fault);

        File.WriteAllText(Path.Combine(folder, "ca.crt"), pki.AuthorityPem);

        Assert.True(await NamespacesAsync(api) > 0);
    }

    [Fact]
    public async Task RefusedTokenIsReadAgain()
    {
        await server.RequireAsync();
        var folder = server.ServiceAccountFolder("an-old-token");
        using var api = Client(server.Address, folder);
        Assert.Equal(ApiFault.Unauthorized, (await Assert.ThrowsAsync<ApiException>(() => NamespacesAsync(api))).Fault);

        File.WriteAllText(Path.Combine(folder, "token"), RunningApiServer.AdminToken + "\n");

        Assert.True(await NamespacesAsync(api) > 0);
    }

    [Fact]
    public async Task MissingRightIsReportedInOneLineWithCallAndAccount()
    {
        await server.RequireAsync();
        using var api = Client(server.Address, server.ServiceAccountFolder(RunningApiServer.DashboardToken));

        var fault = await Assert.ThrowsAsync<ApiException>(() => NamespacesAsync(api));

        Assert.Equal(ApiFault.Forbidden, fault.Fault);
        Assert.Equal($"list namespaces is forbidden to {RunningApiServer.DashboardUser}: grant it with a Role or ClusterRole",
            fault.Message);
    }

    [Fact]
    public async Task CallToASilentServerEndsAfterTenSeconds()
    {
        await server.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(server);
        var asked = new TaskCompletionSource();
        proxy.AnswerNext(_ => true, async context =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        var time = new FakeTimeProvider();
        using var api = Client(proxy.Address, server.ServiceAccountFolder(RunningApiServer.AdminToken), time);

        var call = NamespacesAsync(api);
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromSeconds(9));
        Assert.False(call.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));

        var fault = await Assert.ThrowsAsync<ApiException>(() => call);
        Assert.Equal(ApiFault.TimedOut, fault.Fault);
        Assert.Equal("list namespaces: the API server did not answer within 10 s: check the network to it", fault.Message);
    }

    [Fact]
    public async Task RetryAfterIsHonouredWithinTheDeadline()
    {
        await server.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(server);
        proxy.AnswerNext(_ => true, 429, "", retryAfter: "1");
        using var api = Client(proxy.Address, server.ServiceAccountFolder(RunningApiServer.AdminToken));

        Assert.True(await NamespacesAsync(api) > 0);
        Assert.Equal(2, proxy.Requests.Count);
        Assert.StartsWith("smm-dashboard/", proxy.UserAgent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EndlessAnswerIsNotBuffered()
    {
        await server.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(server);
        proxy.AnswerNext(_ => true, async context =>
        {
            var chunk = new byte[1024 * 1024];
            while (!context.RequestAborted.IsCancellationRequested)
                await context.Response.Body.WriteAsync(chunk, context.RequestAborted);
        });
        using var api = Client(proxy.Address, server.ServiceAccountFolder(RunningApiServer.AdminToken));

        Assert.Equal(ApiFault.Unreadable, (await Assert.ThrowsAsync<ApiException>(() => NamespacesAsync(api))).Fault);
    }

    [Fact]
    public async Task KubeconfigCaIsTheOnlyTrustedCa()
    {
        await server.RequireAsync();
        var file = Path.Combine(server.ServiceAccountFolder(""), "config");
        File.WriteAllText(file, $"""
            apiVersion: v1
            kind: Config
            current-context: test
            contexts: [{"{"}name: test, context: {"{"}cluster: c, user: u, namespace: smm{"}"}{"}"}]
            clusters: [{"{"}name: c, cluster: {"{"}server: "{server.Address}", certificate-authority: "{server.CaFile}"{"}"}{"}"}]
            users: [{"{"}name: u, user: {"{"}token: {RunningApiServer.AdminToken}{"}"}{"}"}]
            """);
        var settings = ApiSettings.FromKubeconfig(file, TimeProvider.System);
        using var api = new KubernetesApi(settings, TimeProvider.System);

        Assert.Equal("smm", settings.Namespace);
        Assert.True(await NamespacesAsync(api) > 0);
    }

    private static KubernetesApi Client(Uri address, string folder, TimeProvider? time = null) => new(
        ApiSettings.InCluster(name => name == "KUBERNETES_SERVICE_HOST" ? address.Host : $"{address.Port}", folder,
            time ?? TimeProvider.System),
        time ?? TimeProvider.System);

    private static Task<int> NamespacesAsync(KubernetesApi api) => api.CallAsync(
        "list namespaces",
        async (client, stop) => (await client.CoreV1.ListNamespaceAsync(cancellationToken: stop)).Items.Count,
        TestContext.Current.CancellationToken);
}
