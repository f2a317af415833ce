using System.Net;
using SmmDashboard.Groups;
using SmmDashboard.Kubernetes.Composition;
using SmmDashboard.Kubernetes.Objects;
using SmmDashboard.Kubernetes.Registration;
using Answer = SmmAgent.Contract.Registration;

namespace SmmDashboard.Kubernetes.Tests.Registration;

/// <summary>Entries that a real istiod created, and the explanations for them.</summary>
public sealed class RegistrationExplainerTests
{
    private const string Name = "analytics-v0-198.18.0.100-vm-network-1";
    private const string SmmRevision = "cp-v115x.istio-system";

    private static readonly Guid Uuid = Guid.Parse("0dd0c36e-0000-4000-8000-000000000001");
    private static readonly RegisteringVm Vm = new(
        new("vm-integration", "analytics-v0"), "vm-network-1", Uuid, IPAddress.Parse("198.18.0.100"));

    private static readonly ControlPlane Plane = new()
    {
        Source = new("ConfigMap", "istio-system", "istio-cp-v115x"),
        Namespace = "istio-system",
        Label = SmmRevision,
        Revision = "cp-v115x",
        RevisionLabel = SmmRevision,
        Network = "network1",
        IsReady = true,
        Istiod = (new("Service", "istio-system", "istiod-cp-v115x"), []),
        Gateways =
            [new(new("Service", "istio-system", "gw"),
                new() { Name = "gw", Addresses = ["198.51.100.1"], Ports = [new("tls-istiod", 15012)] })],
    };

    [Theory]
    [InlineData("healthy", "True", $"WorkloadEntry {Name} exists")]
    [InlineData("probe-unhealthy", "False", $"WorkloadEntry {Name} exists, but its probe fails: Get \"http://127.0.0.1:8080/\"")]
    public void ConnectedEntryThatIstiodSeesCounts(string file, string healthy, string message)
    {
        var answer = Explain([Entry(file)]);
        Assert.Equal((true, "Registered", Name, healthy), (answer.Registered, answer.Reason, answer.WorkloadEntry, answer.Healthy));
        Assert.StartsWith(message, answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EntryWithoutResultOrProbeHasUnknownHealth()
    {
        var entry = Entry("healthy");
        Assert.Equal(("Unknown", $"WorkloadEntry {Name} exists; its probe has no result yet"), Health(entry with { Status = new() }));
        Assert.Equal(
            ("Unknown", $"WorkloadEntry {Name} exists; its WorkloadGroup has no probe"),
            Health(Entry("connected") with { Metadata = Entry("connected").Metadata.Labelled("istio.io/rev", SmmRevision) }));

        (string, string) Health(WorkloadEntry made) =>
            Explain([made]) is { Registered: true } answer ? (answer.Healthy, answer.Message) : throw new InvalidOperationException();
    }

    [Theory]
    [InlineData("rev-mismatch")]
    [InlineData("connected")]
    public void EntryOfAnUnservedRevisionIsStale(string file)
    {
        var answer = Explain([Entry(file)]);
        Assert.Equal((false, "StaleEntry", Name), (answer.Registered, answer.Reason, answer.WorkloadEntry));
        Assert.EndsWith($"Delete it: kubectl -n vm-integration delete workloadentry {Name}", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EntryOfAnotherServedRevisionMovesWithTheSidecar()
    {
        var answer = Explain([Entry("rev-mismatch")], others: Plane with { Label = "cp-v115x", RevisionLabel = "cp-v115x" });
        Assert.Equal("StaleEntry", answer.Reason);
        Assert.EndsWith("sudo systemctl restart istio", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EntryWithoutARevisionIsSeenByEveryIstiod()
    {
        var entry = Entry("healthy");
        Assert.True(Explain([entry with { Metadata = entry.Metadata.Labelled("istio.io/rev", null) }]).Registered);
    }

    [Fact]
    public void DisconnectedEntryDoesNotCount()
    {
        var answer = Explain([Entry("disconnected")]);
        Assert.Equal((false, "NotConnected", Name), (answer.Registered, answer.Reason, answer.WorkloadEntry));
        Assert.Contains("has just disconnected", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void UuidWinsOverNameAndConnectedOverDisconnected()
    {
        var elsewhere = Renamed(Entry("healthy"), "analytics-v0-198.18.0.7-vm-network-1", "198.18.0.7");
        var nameless = Entry("connected") with { Metadata = Entry("connected").Metadata.Labelled("istio.io/rev", SmmRevision) };
        Assert.Equal(elsewhere.Metadata.Name, Explain([nameless, elsewhere]).WorkloadEntry);
        Assert.Equal(elsewhere.Metadata.Name, Explain([Entry("disconnected"), elsewhere]).WorkloadEntry);
        Assert.Equal(elsewhere.Metadata.Name, Explain([elsewhere, Entry("disconnected")]).WorkloadEntry);
    }

    [Fact]
    public void LatestConnectedEntryCountsToTheNanosecond()
    {
        var older = Renamed(Entry("healthy"), "a", "198.18.0.7");
        older = older with { Metadata = older.Metadata.Annotated("istio.io/connectedAt", "2026-11-28T13:43:50.329896574Z") };
        var newer = Renamed(Entry("healthy"), "b", "198.18.0.8");
        newer = newer with { Metadata = newer.Metadata.Annotated("istio.io/connectedAt", "2026-11-28T13:43:50.429896575Z") };
        Assert.Equal("b", Explain([older, newer]).WorkloadEntry);
        Assert.Equal("b", Explain([newer, older]).WorkloadEntry);
    }

    [Fact]
    public void GroupAndAddressFindAnEntryWithoutUuidAndName()
    {
        var entry = Entry("connected");
        entry = Renamed(entry with { Metadata = entry.Metadata.Labelled("istio.io/rev", SmmRevision) }, "other-name", "198.18.0.100");
        Assert.Equal("other-name", Explain([entry]).WorkloadEntry);
        Assert.False(Explain([entry with { Metadata = entry.Metadata.Annotated("istio.io/autoRegistrationGroup", "other") }]).Registered);
        Assert.False(Explain([entry with { Metadata = entry.Metadata with { Namespace = "other" } }]).Registered);
    }

    [Fact]
    public void EntryOfAnotherAgentDoesNotCount()
    {
        var entry = Entry("healthy");
        var answer = Explain([entry with { Metadata = entry.Metadata.Labelled("smm-agent.io/uuid", Guid.Empty.ToString()) }]);
        Assert.Equal((false, "NotConnected"), (answer.Registered, answer.Reason));
        Assert.Contains("the uuid of another agent (00000000-0000-0000-0000-000000000000)", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EntryOfAnotherAccountIsAnIdentityMismatch()
    {
        var entry = Entry("disconnected");
        var answer = Explain([entry with { Spec = entry.Spec with { ServiceAccount = "old" } }]);
        Assert.Equal("IdentityMismatch", answer.Reason);
        Assert.Contains("has service account 'old', and the WorkloadGroup has 'default'", answer.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("VM_Network")]
    [InlineData("-")]
    public void NetworkThatDoesNotFitInANameIsReported(string network)
    {
        var answer = Explain([], Vm with { Network = network });
        Assert.Equal("NameInvalid", answer.Reason);
        Assert.Contains("is not an RFC 1123 name", answer.Message, StringComparison.Ordinal);
        Assert.EndsWith("kubectl -n vm-integration edit workloadgroup analytics-v0", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void GroupThatIstiodDoesNotSeeIsNotFound()
    {
        var fault = new ObjectFault(
            new("WorkloadGroup", "vm-integration", "analytics-v0"), FaultReasons.NotSeenByIstiod, "is not seen", Blocks: false);
        var answer = Explain([], faults: [fault]);
        Assert.Equal(("GroupNotFound", "WorkloadGroup vm-integration/analytics-v0: is not seen"), (answer.Reason, answer.Message));
    }

    [Fact]
    public void MissingAccountIsARefusedToken()
    {
        var answer = Explain([], accountExists: false);
        Assert.Equal("TokenRefused", answer.Reason);
        Assert.EndsWith("kubectl -n vm-integration create serviceaccount default", answer.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void UnreachableIstiodIsReportedInOrder()
    {
        Assert.StartsWith("no pod of istiod is ready: kubectl -n istio-system get pods", Text(Plane with { IsReady = false }),
            StringComparison.Ordinal);
        Assert.StartsWith("istiod has PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION=false",
            Text(Plane with { RegistersAutomatically = false }), StringComparison.Ordinal);
        Assert.StartsWith("no gateway with port 15012 has an address", Text(Plane with { Gateways = [] }), StringComparison.Ordinal);
        Assert.StartsWith("no sidecar of this VM is connected to istiod", Text(Plane with { Gateways = [], Network = "vm-network-1" }),
            StringComparison.Ordinal);
        Assert.StartsWith("no sidecar of this VM is connected to istiod", Text(Plane with { IsReady = null }), StringComparison.Ordinal);

        static string Text(ControlPlane plane) =>
            Explain([], plane: plane) is { Reason: "NotConnected" } answer ? answer.Message : throw new InvalidOperationException();
    }

    [Fact]
    public void RevisionFaultIsTheReasonWithoutAControlPlane()
    {
        var fault = new ObjectFault(
            new("WorkloadGroup", "vm-integration", "analytics-v0"), FaultReasons.RevisionNotFound, "asks for x", Blocks: true);
        var group = new ComposedGroup(Vm.Group, null, "default", null, [fault], "");
        var answer = RegistrationExplainer.Explain(Vm, [Entry("healthy")], group, ComposedMesh.Empty, accountExists: null);
        Assert.Equal((false, "NotConnected", fault.ToString()), (answer.Registered, answer.Reason, answer.Message));
    }

    [Fact]
    public void ComposedClusterAnswersFromItsOwnControlPlane()
    {
        var mesh = Cluster.Upstream.Compose();
        var group = mesh.Group("vms-plain", "analytics-v0");
        var vm = new RegisteringVm(group.Id, "vm-network-1", Uuid, IPAddress.Parse("198.18.0.100"));
        var entry = Entry("connected");
        entry = entry with { Metadata = entry.Metadata.Labelled("istio.io/rev", "default") with { Namespace = "vms-plain" } };
        Assert.True(RegistrationExplainer.Explain(vm, [entry], group, mesh, accountExists: true).Registered);
        Assert.True(group.Plane!.IsReady);
        Assert.Equal("NotConnected", RegistrationExplainer.Explain(vm, [], group, mesh, accountExists: true).Reason);
    }

    private static WorkloadEntry Entry(string file) =>
        Cluster.Read(Cluster.File($"Oracles/upstream/workloadentries/{file}.yaml"), KubernetesJson.Default.WorkloadEntry);

    private static WorkloadEntry Renamed(WorkloadEntry entry, string name, string address) =>
        entry with { Metadata = entry.Metadata with { Name = name }, Spec = entry.Spec with { Address = address } };

    private static Answer Explain(
        IReadOnlyList<WorkloadEntry> entries, RegisteringVm? vm = null, ControlPlane? plane = null, ControlPlane? others = null,
        IReadOnlyList<ObjectFault>? faults = null, bool? accountExists = true)
    {
        var own = plane ?? Plane;
        var group = new ComposedGroup(Vm.Group, null, "default", own, faults ?? [], "");
        var mesh = new ComposedMesh(
            new Dictionary<GroupId, ComposedGroup> { [group.Id] = group }, others is null ? [own] : [own, others], []);
        return RegistrationExplainer.Explain(vm ?? Vm, entries, group, mesh, accountExists);
    }
}
