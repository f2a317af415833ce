using System.Text.Json;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Checks;

/// <summary>
/// <c>smm-dashboard check --kubernetes</c> by its command line, against a real API server: all is there, and each thing is missing once.
/// </summary>
[Collection(CheckedCluster.Tests)]
public sealed class ClusterCheckTests(CheckedCluster cluster)
{
    private const string Istio = "apis/networking.istio.io/v1beta1/namespaces";
    private const string System = "api/v1/namespaces/istio-system";
    private const string Slices = "apis/discovery.k8s.io/v1beta1/namespaces/istio-system/endpointslices";
    private const string Gateway = $"{System}/services/istio-eastwestgateway";
    private static readonly string[] Range = ["--cluster-range", "10.96.0.0/24"];

    [Fact]
    public async Task CompleteClusterPassesEveryCheck()
    {
        var (exitCode, output, error) = await cluster.CheckAsync(Range);

        TestContext.Current.TestOutputHelper!.WriteLine(output);
        Assert.DoesNotContain("✗", output, StringComparison.Ordinal);
        Assert.Equal((0, ""), (exitCode, error));
        Assert.Contains("\n  ✓ Control plane     default Istio 1.32.0, namespace istio-system, Available\n", output,
            StringComparison.Ordinal);
        Assert.Contains("\n  ✓ Revision tag      prod-stable is revision 1-32\n", output, StringComparison.Ordinal);
        Assert.Contains("\n  ✓ istiod exposed    1-32 Service istio-system/istio-eastwestgateway leads to Service istiod-1-32\n", output,
            StringComparison.Ordinal);
        Assert.Contains(
            "\n  ✓ istiod exposed    cp-v117x.istio-system Service istio-system/istio-meshexpansion-cp-v117x leads to Service "
                + "istiod-cp-v117x\n", output, StringComparison.Ordinal);
        Assert.Contains(
            "\n  ✓ Configuration     vms-tag/legacy is served: revision 1-32, network ", output, StringComparison.Ordinal);
    }

    [Theory]
    // only a part of its status is not known
    [InlineData("patch-status", "apis/apps/v1/namespaces/istio-system/deployments/istiod", """{"status":{"conditions":[]}}""", "")]
    [InlineData("patch-status", "apis/apps/v1/namespaces/istio-system/deployments/istiod",
        """{"status":{"conditions":[{"type":"Available","status":"False"}]}}""",
        "control-plane-found: default Deployment istiod is Unavailable → kubectl -n istio-system describe deployment istiod")]
    [InlineData("patch", "apis/servicemesh.cisco.com/v1alpha1/namespaces/istio-system/istiocontrolplanes/cp-v117x",
        """{"status":{"status":"ReconcileFailed","errorMessage":"no quota"}}""",
        "control-plane-found: cp-v117x.istio-system IstioControlPlane istio-system/cp-v117x is ReconcileFailed: no quota → kubectl -n "
            + "istio-system get istiocontrolplane cp-v117x -o yaml")]
    [InlineData("patch", "apis/servicemesh.cisco.com/v1alpha1/namespaces/istio-system/istiocontrolplanes/cp-v117x",
        """{"status":{"status":"Reconciling"}}""",
        "control-plane-found: cp-v117x.istio-system IstioControlPlane istio-system/cp-v117x is Reconciling → kubectl")]
    [InlineData("patch", "apis/servicemesh.cisco.com/v1alpha1/namespaces/istio-system/istiocontrolplanes/cp-v117x",
        """{"spec":{"mode":"PASSIVE"}}""",
        "control-plane-found: IstioControlPlane istio-system/cp-v117x its mode is PASSIVE: its istiod is in another cluster",
        "workload-groups-configuration: vm-smm/analytics-v0 is not served, because its control plane has faults")]
    [InlineData("delete", "apis/servicemesh.cisco.com/v1alpha1/namespaces/istio-system/istiocontrolplanes/cp-v117x", "",
        "control-plane-found: cp-v117x.istio-system its label is one of the SMM operator, but IstioControlPlane istio-system/cp-v117x was "
            + "not found, so it is read as plain Istio → kubectl",
        "control-plane-found: ConfigMap istio-system/istio-cp-v117x the version of its istiod is in no label app.kubernetes.io/version and "
            + "no image tag → kubectl -n istio-system label configmap istio-cp-v117x",
        "workload-groups-configuration: vm-smm/analytics-v0 is not served, because its control plane has faults")]
    [InlineData("delete", $"{Istio}/istio-system/gateways/istiod-gateway", "",
        "control-plane-exposure: default VirtualService istio-system/istiod-vs-1-32 does not lead to Service istiod, and another istiod "
            + "has another certificate → kubectl apply -n istio-system -f samples/multicluster/expose-istiod.yaml")]
    [InlineData("delete", $"{Istio}/istio-system/virtualservices/istiod-vs-1-32", "",
        "control-plane-exposure: 1-32 VirtualService istio-system/istiod-vs does not lead to Service istiod-1-32, and another istiod has "
            + "another certificate → kubectl apply -n istio-system")]
    [InlineData("delete", $"{Istio}/istio-system/virtualservices/istiod-expansion", "",
        "control-plane-exposure: cp-v117x.istio-system no VirtualService leads from port 15012 of Service "
            + "istio-system/istio-meshexpansion-cp-v117x to istiod → set spec.meshExpansion.istiod.expose: true, and the operator makes "
            + "what is missing: kubectl -n istio-system edit istiocontrolplane cp-v117x")]
    [InlineData("patch", $"{Istio}/istio-system/gateways/istiod-expansion",
        """{"spec":{"servers":[{"port":{"number":15012},"tls":{"mode":"SIMPLE"}}]}}""",
        "control-plane-exposure: cp-v117x.istio-system Gateway istio-system/istiod-expansion ends TLS at port 15012 (mode 'SIMPLE'), and "
            + "only istiod has its certificate → set spec.servers[].tls.mode: PASSTHROUGH: kubectl -n istio-system edit")]
    [InlineData("patch", $"{Istio}/istio-system/gateways/istiod-expansion", """{"spec":{"selector":{"istio":"ingressgateway"}}}""",
        "control-plane-exposure: cp-v117x.istio-system no Gateway (networking.istio.io) opens port 15012 of Service "
            + "istio-system/istio-meshexpansion-cp-v117x")]
    [InlineData("patch-status", Gateway, """{"status":{"loadBalancer":{"ingress":null}}}""",
        "control-plane-gateways: istio-system/istio-eastwestgateway its load balancer has no address yet; see why → kubectl -n "
            + "istio-system describe service istio-eastwestgateway")]
    [InlineData("delete", Gateway, "",
        "control-plane-gateways: 1-32 has no gateway with port 15012, so VMs of other networks cannot reach istiod → install an "
            + "east-west gateway",
        "control-plane-gateways: default has no gateway with port 15012")]
    [InlineData("json-patch", "apis/apps/v1/namespaces/istio-system/deployments/istiod",
        """[{"op":"add","path":"/spec/template/spec/containers/0/env/-","value":{"name":"PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION","value":"false"}}]""",
        "control-plane-registration: default istiod has PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION=false, so no VM can register → "
            + "kubectl -n istio-system set env deployment/istiod PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION-")]
    [InlineData("create", $"{System}/services",
        "{apiVersion: v1, kind: Service, metadata: {name: istiod-revision-tag-canary, labels: {istio.io/tag: canary, istio.io/rev: 9-9}}, "
            + "spec: {ports: [{port: 15012}]}}",
        "control-plane-tags: canary is revision 9-9, which no control plane has → istioctl tag set canary --revision REVISION --overwrite")]
    [InlineData("patch", $"{System}/configmaps/istio", """{"data":{"mesh":"a: [b"}}""",
        "control-plane-found: ConfigMap istio-system/istio its key mesh ",
        "workload-groups-configuration: vms-plain/analytics-v0 is not served, because its control plane has faults → see "
            + "Control plane above",
        "workload-groups-configuration: vms-plain/bare is not served")]
    [InlineData("patch", "api/v1/namespaces/vms-tag", """{"metadata":{"labels":{"istio.io/rev":"nowhere"}}}""",
        "workload-groups-configuration: WorkloadGroup vms-tag/legacy its namespace vms-tag asks for revision 'nowhere', which no "
            + "control plane or tag has")]
    [InlineData("patch", "api/v1/namespaces/vms-tag", """{"metadata":{"labels":{"istio-injection":"enabled"}}}""",
        "workload-groups-namespaces: vms-tag has both istio-injection=enabled and istio.io/rev=prod-stable: pods follow the first, VMs the "
            + "second → kubectl label namespace vms-tag istio-injection-")]
    [InlineData("patch", $"{Istio}/vms-plain/workloadgroups/bare", """{"metadata":{"labels":{"istio.io/rev":"prod-stable"}}}""",
        "workload-groups-configuration: WorkloadGroup vms-plain/bare its label istio.io/rev is 'prod-stable', but istiod sees only objects "
            + "without it, or with its own revision '1-32' → kubectl -n vms-plain label workloadgroup bare istio.io/rev-")]
    [InlineData("patch", $"{Istio}/vms-plain/workloadgroups/bare", """{"spec":{"template":{"labels":{"a b":"c"}}}}""",
        "workload-groups-configuration: WorkloadGroup vms-plain/bare spec.template.labels 'a b' is not the name of a label ([PREFIX/]NAME, "
            + "at most 63 of A-Z, a-z, 0-9, '-', '_' and '.') → kubectl -n vms-plain edit workloadgroup bare")]
    [InlineData("delete", "api/v1/namespaces/vms-revision/serviceaccounts/orders", "",
        "workload-groups-accounts: vms-revision/orders does not exist, so it has no tokens → kubectl -n vms-revision create "
            + "serviceaccount orders")]
    [InlineData("delete", "api/v1/namespaces/vms-tag/configmaps/istio-ca-root-cert", "",
        "workload-groups-root-certificates: vms-tag has no ConfigMap istio-ca-root-cert, and the one of namespace istio-system is used: "
            + "istiod writes it into every namespace that it sees → read why istiod does not add it: kubectl -n istio-system logs "
            + "deployment/istiod-1-32")]
    [InlineData("create", $"{Istio}/vms-plain/workloadentries",
        "{apiVersion: networking.istio.io/v1beta1, kind: WorkloadEntry, metadata: {name: old, labels: {istio.io/rev: 1-19}}, spec: "
            + "{address: 192.0.2.1}}",
        "workload-groups-entries: vms-plain/old belongs to revision 1-19, which no control plane serves, so its VM cannot register → "
            + "kubectl -n vms-plain delete workloadentry old")]
    [InlineData("delete", "api/v1/namespaces/smm-dashboard/serviceaccounts/smm-dashboard", "",
        "rights-account: smm-dashboard/smm-dashboard does not exist, so it has no tokens → kubectl -n smm-dashboard create "
            + "serviceaccount smm-dashboard")]
    public async Task MissingObjectIsReportedAloneWithItsCorrection(string how, string path, string body, params string[] lines)
    {
        var well = await LinesAsync();
        IReadOnlyList<string> changed;
        await using (await cluster.ChangedAsync(how, path, body))
            changed = await LinesAsync();

        var found = changed.Except(well).ToList();
        string[] expected = [.. lines.Where(line => line.Length > 0)];
        Assert.True(expected.Length == found.Count
            && expected.All(line => found.Any(one => one.StartsWith(line, StringComparison.Ordinal))), string.Join('\n', found));
    }

    [Fact]
    public async Task IstiodWithoutAReadyPodIsReported()
    {
        using var slices = JsonDocument.Parse(await ListSlicesAsync());
        var name = slices.RootElement.GetProperty("items").EnumerateArray()
            .First(slice => slice.GetProperty("metadata").GetProperty("labels").GetProperty("kubernetes.io/service-name")
                .GetString() == "istiod")
            .GetProperty("metadata").GetProperty("name").GetString();
        await using var change = await cluster.ChangedAsync("patch", $"{Slices}/{name}", """{"endpoints":[]}""");

        Assert.Contains(await LinesAsync(), line => line.StartsWith(
            "control-plane-found: default Istio 1.32.0, namespace istio-system, Available: no pod of istiod is ready → kubectl -n "
                + "istio-system get pods -l app=istiod", StringComparison.Ordinal));
    }

    [Fact]
    public async Task NamespaceWithoutAControlPlaneIsReported()
    {
        var (exitCode, output, _) = await cluster.CheckAsync([.. Range, "--istio-namespace", "nowhere"]);

        Assert.Equal(1, exitCode);
        Assert.Contains(
            "  ✗ Control plane     none was found in namespace nowhere (a ConfigMap with the label istio.io/rev and the key mesh)\n"
            + "      → install Istio, or name its namespace with --istio-namespace: kubectl get configmaps -A -l istio.io/rev\n", output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task NamedGatewayWithoutIstiodPortIsReported()
    {
        await using var service = await cluster.ChangedAsync(
            "create", "api/v1/namespaces/vms-plain/services",
            "{apiVersion: v1, kind: Service, metadata: {name: other}, spec: {externalIPs: [198.51.100.9], ports: [{port: 443}]}}");

        var (exitCode, output, _) = await cluster.CheckAsync([.. Range, "--gateway", "vms-plain/other"]);

        Assert.Equal(1, exitCode);
        Assert.Contains("  ✗ Gateway           vms-plain/other has ports 443, and not 15012, the port of istiod\n", output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnservedIstioKindIsReported()
    {
        await cluster.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(cluster.Server);
        for (var kind = 0; kind < 4; kind++)
            proxy.AnswerNext(request => request == "/apis/networking.istio.io", 404, "{}");

        var (exitCode, output, _) = await cluster.CheckAsync(
            [.. Range, "--kubeconfig", cluster.WriteKubeconfig("proxy", proxy.Address, RunningApiServer.AdminToken)]);

        Assert.Equal(1, exitCode);
        Assert.Contains(
            "  ✗ Kinds of Istio    workloadgroups.networking.istio.io is not served\n      → install Istio with its CRDs, for example: "
                + "istioctl install\n", output, StringComparison.Ordinal);
        Assert.Contains("  ! Configuration     there is no WorkloadGroup, so no VM can attach\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MissingKindAttachedMachineIsReported()
    {
        await cluster.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(cluster.Server);
        proxy.AnswerNext(request => request == "/apis/smm-agent.io", 404, "{}");

        var (_, output, _) = await cluster.CheckAsync(
            [.. Range, "--kubeconfig", cluster.WriteKubeconfig("proxy", proxy.Address, RunningApiServer.AdminToken)]);

        Assert.Contains(
            "  ✗ AttachedMachine   is not served: agents would bind anew to each replica and after each restart\n      → kubectl apply "
                + "--server-side -f deploy/kubernetes/base/crd.yaml\n",
            output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MachineThatTheClusterRefusesIsReportedWithItsReason()
    {
        await using var stricter = await cluster.ChangedAsync(
            "json-patch", "apis/apiextensions.k8s.io/v1/customresourcedefinitions/attachedmachines.smm-agent.io",
            """[{"op":"replace","path":"/spec/versions/0/schema/openAPIV3Schema/properties/spec/required","value":["workloadGroup","keySha256","more"]}]""");

        // The server takes a changed schema into use a moment later.
        string line;
        do
            line = (await LinesAsync()).FirstOrDefault(one => one.StartsWith("kubernetes-attached-machines", StringComparison.Ordinal))
                ?? "";
        while (line.Length == 0);

        Assert.Contains("spec.more", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnknownServiceRangeIsAWarning()
    {
        var (exitCode, output, _) = await cluster.CheckAsync();

        Assert.Equal(0, exitCode);
        Assert.Contains("! Service range     is not known, so a dial-back could go to a Service", output, StringComparison.Ordinal);
    }

    private async Task<string> ListSlicesAsync()
    {
        await cluster.RequireAsync();
        return await cluster.Server.AdminAsync(HttpMethod.Get, Slices);
    }

    /// <summary>Every warning and failure, as ID: SUBJECT FOUND → FIX.</summary>
    private async Task<IReadOnlyList<string>> LinesAsync()
    {
        var (exitCode, output, error) = await cluster.CheckAsync([.. Range, "--output", "json"]);
        Assert.Equal("", error);
        using var report = JsonDocument.Parse(output);
        Assert.Equal(report.RootElement.GetProperty("summary").GetProperty("failed").GetInt32() > 0 ? 1 : 0, exitCode);
        return
        [
            .. from check in report.RootElement.GetProperty("checks").EnumerateArray()
               from line in check.GetProperty("results").EnumerateArray()
               where line.GetProperty("status").GetString() is "warn" or "fail"
               select $"{check.GetProperty("id").GetString()}: "
                   + $"{Prefix(line.GetProperty("subject").GetString())}{line.GetProperty("found").GetString()} → "
                   + $"{line.GetProperty("cure").GetString()}",
        ];

        static string Prefix(string? subject) => subject is null ? "" : $"{subject} ";
    }

}
