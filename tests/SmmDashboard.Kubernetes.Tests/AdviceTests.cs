using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Testbed;
using SmmDashboard.Groups;
using SmmDashboard.Kubernetes.Composition;
using SmmDashboard.Kubernetes.Objects;
using SmmDashboard.Kubernetes.Registration;
using SmmDashboard.Kubernetes.Tests.Running;
using WorkloadEntry = SmmDashboard.Kubernetes.Objects.WorkloadEntry;

namespace SmmDashboard.Kubernetes.Tests;

/// <summary>
/// A kubectl command in a message does what the message promises: it is taken out of the message, run against a real API server, and what
/// it is about is well afterwards. The control plane's objects that no command changes are those of the oracle.
/// </summary>
public sealed partial class AdviceTests(AdviceTests.OwnApiServer own) : IClassFixture<AdviceTests.OwnApiServer>
{
    private readonly RunningApiServer _server = own.Server;

    private const string Entry = "analytics-v0-198.18.0.100-vm-network-1";
    private static readonly GroupId Analytics = new("vm-integration", "analytics-v0");

    /// <summary>The objects of other tests would have faults, too, and these kinds have fewer versions than theirs.</summary>
    public sealed class OwnApiServer : IAsyncDisposable
    {
        public RunningApiServer Server { get; } = new();

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }

    [Fact]
    public async Task EachCommandCorrectsItsFault()
    {
        await _server.RequireAsync();
        await PrepareAsync();
        Assert.Empty((await ComposeAsync()).Groups.Values.SelectMany(group => group.Faults));

        // A version that no object has.
        await CommandFixesAsync("kubectl -n istio-system label configmap istio app.kubernetes.io/version-", ("vms-plain", "bare"),
            ("VERSION", "1.32.0"));

        // Revisions: of the namespace, of the group itself, and of a tag, which istiod does not take for its own.
        await CommandFixesAsync("kubectl label namespace vms-revision istio.io/rev=gone --overwrite", ("vms-revision", "orders"),
            ("REVISION", "1-32"));
        await CommandFixesAsync(
            "kubectl -n vms-plain label workloadgroup bare istio.io/rev=gone", ("vms-plain", "bare"), ("REVISION", "default"));
        await CommandFixesAsync(
            "kubectl -n vms-plain label workloadgroup bare istio.io/rev=prod-stable --overwrite", ("vms-plain", "bare"));

        // The editor makes the change that a person would type.
        await CommandFixesAsync(
            """kubectl -n vms-revision patch workloadgroup orders --type=merge -p {"spec":{"template":{"ports":{"http-api":99999}}}}""",
            ("vms-revision", "orders"), ("99999", "9090"));

        await RegistersAsync(
            null, "kubectl -n vm-integration create serviceaccount default",
            () => _server.AdminAsync(HttpMethod.Get, "api/v1/namespaces/vm-integration/serviceaccounts/default"), accountExists: false);
        var entry = Cluster.Read(Cluster.File("Oracles/upstream/workloadentries/rev-mismatch.yaml"), KubernetesJson.Default.WorkloadEntry);
        foreach (var agents in (bool[])[false, true])
        {
            await KubectlAsync("kubectl apply -f Oracles/upstream/workloadentries/rev-mismatch.yaml");
            var message = agents ? Logged($"error creating WorkloadEntry: workloadentries.networking.istio.io \"{Entry}\" already exists")
                : null;
            await RegistersAsync(message, $"kubectl .*delete workloadentry.* {Entry}", EntryIsGoneAsync, entries: [entry]);
        }
    }

    [Fact]
    public async Task EachShowCommandIsKnown()
    {
        await _server.RequireAsync();
        await PrepareAsync();
        var mesh = Cluster.Upstream.Compose();
        var lost =
            (Cluster.Upstream with
            {
                Services = Cluster.Upstream.Services.Changed(
                "istio-eastwestgateway", service => service with { Status = new() })
            }).Compose();
        var unseen = (Cluster.Upstream with { Namespaces = [] }).Compose();
        var rootless =
            (Cluster.Upstream with
            {
                ConfigMaps =
                [.. Cluster.Upstream.ConfigMaps.Where(map => map.Metadata.Name != "istio-ca-root-cert")]
            }).Compose();
        var plane = mesh.Group("vms-plain", "bare").Plane!;
        string[] messages =
        [
            .. new[] { lost, unseen, rootless }.SelectMany(
                composed => composed.Faults.Concat(composed.Groups.Values.SelectMany(group => group.Faults)))
                .Select(fault => fault.ToString()),
            .. (Cluster.Upstream with { Services = Cluster.Upstream.Services.Changed(
                "istio-eastwestgateway", service => service with { Status = new() }) })
                .Compose(mesh).Groups.Values.SelectMany(group => group.Faults).Select(fault => fault.ToString()),
            Explained(plane with { IsReady = false }), Explained(plane with { Gateways = [] }),
            new ObjectReference("Service", "istio-system", "istio-eastwestgateway").Get(),
            // Those of the agent's check.
            "kubectl -n istio-system get istiocontrolplanes", "kubectl -n istio-system get deployments -l app=istiod",
                "kubectl -n istio-system get services istio-eastwestgateway",
        ];

        var commands = messages.SelectMany(message => Command().Matches(message).Select(match => match.Value)).Distinct().ToList();

        Assert.True(commands.Count >= 9, string.Join('\n', commands));
        foreach (var command in commands.Where(command => !command.Contains(" edit ", StringComparison.Ordinal)))
            await KubectlAsync(command);

        string Explained(ControlPlane control) =>
            RegistrationExplainer.Explain(Vm, [], Group(control), Mesh(control), accountExists: true).Message;
    }

    /// <summary>Brings a fault about, and runs the one command in it.</summary>
    private async Task CommandFixesAsync(string fault, (string Namespace, string Name) group, params (string From, string To)[] values)
    {
        await KubectlAsync(fault);
        var found = Assert.Single((await ComposeAsync()).Group(group.Namespace, group.Name).Faults);
        var command = Command().Match(found.ToString()).Value;
        foreach (var (from, to) in values)
            command = command.Replace(from, to, StringComparison.Ordinal);
        await KubectlAsync(command, values);
        Assert.Empty((await ComposeAsync()).Group(group.Namespace, group.Name).Faults);
    }

    /// <summary>Runs the command of the explanation why a VM is not registered, or of another message.</summary>
    private async Task RegistersAsync(
        string? message, string command, Func<Task> holds, bool? accountExists = true, IReadOnlyList<WorkloadEntry>? entries = null)
    {
        var plane = Cluster.Upstream.Compose().Group("vms-plain", "bare").Plane!;
        message ??= RegistrationExplainer.Explain(Vm, entries ?? [], Group(plane), Mesh(plane), accountExists).Message;
        var advised = Command().Match(message).Value;
        Assert.Matches($"^{command}$", advised);
        await KubectlAsync(advised);
        await holds();
    }

    /// <summary>What the agent advises where the sidecar's log has this.</summary>
    private static string Logged(string fault)
    {
        var now = DateTimeOffset.UtcNow;
        var line =
            $"{now:yyyy-MM-ddTHH:mm:ss.ffffffZ}\twarn\txdsproxy\tupstream terminated with unexpected error rpc error: code = Unknown desc "
                + $"= auto-registration WorkloadEntry of vm.vm-integration failed: {fault}\n";
        return SidecarLog.NewestFailure(SidecarLogText.Empty, new(line, now), null, now)!.Remediation;
    }

    private async Task EntryIsGoneAsync()
    {
        using var answer = await _server.Admin.GetAsync(
            $"apis/networking.istio.io/v1/namespaces/vm-integration/workloadentries/{Entry}", TestContext.Current.CancellationToken);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, answer.StatusCode);
    }

    private async Task PrepareAsync()
    {
        await KubectlAsync("kubectl apply -f Oracles/upstream/cluster/namespaces.yaml");
        await KubectlAsync("kubectl apply -f Oracles/kinds.yaml");
        await KubectlAsync(
            "kubectl wait --for=condition=Established --timeout=30s crd/workloadgroups.networking.istio.io "
                + "crd/workloadentries.networking.istio.io crd/istiocontrolplanes.servicemesh.cisco.com");
        foreach (var name in (string[])["configmaps", "workloadgroups"])
            await KubectlAsync($"kubectl apply -f Oracles/upstream/cluster/{name}.yaml");
    }

    /// <summary>The mesh, of what the API server has now.</summary>
    private async Task<ComposedMesh> ComposeAsync()
    {
        var json = KubernetesJson.Default;
        return (Cluster.Upstream with
        {
            Namespaces = await ListAsync("api/v1/namespaces", json.Namespace),
            ConfigMaps = await ListAsync("api/v1/configmaps", json.ConfigMap),
            WorkloadGroups = await ListAsync("apis/networking.istio.io/v1/workloadgroups", json.WorkloadGroupObject),
            Deployments = [.. Cluster.Upstream.Deployments.Select(deployment => deployment with
            {
                Metadata = deployment.Metadata.Labelled("app.kubernetes.io/version", null),
                Spec = new() { Template = new() { Spec = new() { Containers = [new() { Name = "discovery", Image = "pilot" }] } } },
            })],
        }).Compose();
    }

    private async Task<List<T>> ListAsync<T>(string path, JsonTypeInfo<T> type)
    {
        using var list = JsonDocument.Parse(await _server.AdminAsync(HttpMethod.Get, path));
        return [.. list.RootElement.GetProperty("items").EnumerateArray().Select(item => item.Deserialize(type)!)];
    }

    /// <summary>Runs a command as an administrator; an editor that it starts replaces words.</summary>
    private async Task KubectlAsync(string command, params (string From, string To)[] edits)
    {
        var words = command.Split(' ');
        var editor = $"sed -i {string.Join(' ', edits.Select(edit => $"-e s/{edit.From}/{edit.To}/"))} -e s/a/a/";
        var run = await Terminal.PipedAsync(
            [KubeAssets.Program(words[0]), $"--server={_server.Address}", $"--certificate-authority={_server.CaFile}",
                $"--token={RunningApiServer.AdminToken}", .. words[1..].Select(InFolder)],
            $"KUBE_EDITOR={editor}");
        Assert.True(run.ExitCode == 0, $"{command}: {run.Output}{run.Error}");
    }

    private static string InFolder(string word) =>
        word.StartsWith("Oracles/", StringComparison.Ordinal) ? Path.Combine(AppContext.BaseDirectory, word) : word;

    private static RegisteringVm Vm { get; } = new(Analytics, "vm-network-1", Guid.Empty, System.Net.IPAddress.Parse("198.18.0.100"));

    private static ComposedGroup Group(ControlPlane plane) => new(Analytics, null, "default", plane, [], "");

    private static ComposedMesh Mesh(ControlPlane plane) =>
        new(new Dictionary<GroupId, ComposedGroup> { [Analytics] = Group(plane) }, [plane], []);

    [GeneratedRegex(@"kubectl (?:[^\s;()]+ ?)+(?<![ .])")]
    private static partial Regex Command();
}
