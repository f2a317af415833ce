using SmmAgent.Contract;
using SmmDashboard.Kubernetes.Composition;
using SmmDashboard.Kubernetes.Objects;
using Answer = SmmAgent.Contract.Registration;

namespace SmmDashboard.Kubernetes.Registration;

/// <summary>Explains from objects alone whether a VM has a valid WorkloadEntry, and why not: istiod does not report the reason.</summary>
public static class RegistrationExplainer
{
    private const string HealthChecks = "proxy.istio.io/health-checks-enabled";

    /// <param name="entries">The WorkloadEntries of the group's namespace.</param>
    /// <param name="accountExists">Whether the group's service account exists; null when that is not known.</param>
    public static Answer Explain(
        RegisteringVm vm, IReadOnlyList<WorkloadEntry> entries, ComposedGroup group, ComposedMesh mesh, bool? accountExists)
    {
        var entry = WorkloadEntryFinder.Find(entries, vm);
        if (group.Plane is not { } plane)
            return Not(RegistrationReasons.NotConnected, entry, Text(group.Faults));
        if (entry is not null && IsSeen(entry, plane) && WorkloadEntryFinder.IsConnected(entry))
            return Registered(entry);

        // istiod cannot make an entry while another of its name is there.
        var inTheWay = entries.FirstOrDefault(
            other => other.Metadata.Namespace == vm.Group.Namespace && other.Metadata.Name == vm.EntryName) ?? entry;
        return Stale(inTheWay, plane, mesh)
            ?? Named(vm)
            ?? OtherIdentity(inTheWay, vm, group)
            ?? Unseen(group, entry)
            ?? Account(accountExists, group, entry)
            ?? Unreachable(vm, plane, entry)
            ?? Not(RegistrationReasons.NotConnected, entry, entry is null
                ? "no sidecar of this VM is connected to istiod. Is istio.service running on the VM, and are the gateways reachable? "
                    + "(systemctl status istio)"
                : $"WorkloadEntry {entry.Metadata.Name} exists, but its sidecar has just disconnected; istiod removes it about 10 s later");
    }

    private static bool IsSeen(WorkloadEntry entry, ControlPlane plane) =>
        entry.Metadata.Label(IstioNames.Revision) is var revision && (revision.Length == 0 || revision == plane.RevisionLabel);

    private static Answer Registered(WorkloadEntry entry)
    {
        var name = entry.Metadata.Name;
        if (entry.Metadata.Annotation(HealthChecks) != "true")
            return Is("Unknown", $"WorkloadEntry {name} exists; its WorkloadGroup has no probe");

        var condition = entry.Status.Conditions.FirstOrDefault(condition => condition.Type == "Healthy");
        return condition?.Status switch
        {
            "True" => Is("True", $"WorkloadEntry {name} exists"),
            "False" => Is("False", $"WorkloadEntry {name} exists, but its probe fails: {NameRules.Shown(condition.Message)}"),
            _ => Is("Unknown", $"WorkloadEntry {name} exists; its probe has no result yet"),
        };

        Answer Is(string healthy, string message) => new()
        {
            Registered = true, Reason = RegistrationReasons.Registered, WorkloadEntry = name, Healthy = healthy, Message = message,
        };
    }

    private static Answer Not(string reason, WorkloadEntry? entry, string message) =>
        new() { Registered = false, Reason = reason, WorkloadEntry = entry?.Metadata.Name, Healthy = "Unknown", Message = message };

    private static Answer? Stale(WorkloadEntry? entry, ControlPlane plane, ComposedMesh mesh)
    {
        if (entry is null || IsSeen(entry, plane))
            return null;

        var (name, revision) = (entry.Metadata.Name, NameRules.Shown(entry.Metadata.Label(IstioNames.Revision)));
        var delete = $"kubectl -n {entry.Metadata.Namespace} delete workloadentry {name}";
        return Not(RegistrationReasons.StaleEntry, entry, mesh.ControlPlanes.Any(other => IsSeen(entry, other))
            ? $"WorkloadEntry {name} belongs to revision {revision}, and this VM's control plane is {plane.RevisionLabel} now. Restart the "
                + "sidecar on the VM: sudo systemctl restart istio"
            : $"WorkloadEntry {name} belongs to revision {revision}, which no control plane serves, so istiod {plane.RevisionLabel} does "
                + $"not see it and cannot make its own. Delete it: {delete}");
    }

    private static Answer? Named(RegisteringVm vm) =>
        vm.EntryName is { } name && WorkloadEntryName.Rule(name) is { } reason
            ? Not(RegistrationReasons.NameInvalid, null,
                $"the name of its WorkloadEntry would be {reason}. Correct spec.template.network of the WorkloadGroup: "
                + $"kubectl -n {vm.Group.Namespace} edit workloadgroup {vm.Group.Name}")
            : null;

    private static Answer? OtherIdentity(WorkloadEntry? entry, RegisteringVm vm, ComposedGroup group)
    {
        if (entry is null)
            return null;

        var account = entry.Spec.ServiceAccount is { Length: > 0 } named ? named : IstioNames.Default;
        if (account != group.ServiceAccount)
        {
            return Not(RegistrationReasons.IdentityMismatch, entry,
                $"WorkloadEntry {entry.Metadata.Name} has service account '{NameRules.Shown(account)}', and the WorkloadGroup has "
                    + $"'{group.ServiceAccount}'. "
                + "Restart the sidecar on the VM: sudo systemctl restart istio");
        }

        return WorkloadEntryFinder.IsOfAnother(entry, vm)
            ? Not(RegistrationReasons.NotConnected, entry,
                $"WorkloadEntry {entry.Metadata.Name} has this VM's address and the uuid of another agent "
                    + $"({NameRules.Shown(entry.Metadata.Label(EntryLabels.Uuid))}): "
                + "two VMs have the same address, or the uuid of this one changed a moment ago")
            : null;
    }

    private static Answer? Unseen(ComposedGroup group, WorkloadEntry? entry) =>
        group.Faults.Where(fault => fault.Reason == FaultReasons.NotSeenByIstiod).ToList() is { Count: > 0 } faults
            ? Not(RegistrationReasons.GroupNotFound, entry, Text(faults))
            : null;

    private static Answer? Account(bool? exists, ComposedGroup group, WorkloadEntry? entry) => exists is false
        ? Not(RegistrationReasons.TokenRefused, entry,
            $"service account {group.Id.Namespace}/{group.ServiceAccount} does not exist, so the sidecar gets no token: kubectl -n "
                + $"{group.Id.Namespace} create serviceaccount {group.ServiceAccount}")
        : null;

    private static Answer? Unreachable(RegisteringVm vm, ControlPlane plane, WorkloadEntry? entry)
    {
        var reason = plane.IsReady is false
            ? $"no pod of istiod is ready: kubectl -n {plane.Namespace} get pods -l app=istiod"
            : !plane.RegistersAutomatically
                ? "istiod has PILOT_ENABLE_WORKLOAD_ENTRY_AUTOREGISTRATION=false, so no VM can register: remove the variable from its "
                    + $"Deployment in namespace {plane.Namespace}"
                : vm.Network == plane.Network || plane.Networks.Contains(vm.Network)
                || plane.Gateways.Any(gateway => gateway.LeadsToIstiod && gateway.Gateway.Addresses.Count > 0)
                    ? null
                    : $"no gateway with port {IstioNames.IstiodPort} has an address, so the VM cannot reach istiod: kubectl -n "
                        + $"{plane.Namespace} get services";
        return reason is null ? null : Not(RegistrationReasons.NotConnected, entry, reason);
    }

    private static string Text(IEnumerable<ObjectFault> faults) => string.Join("; ", faults.Select(fault => fault.ToString()));
}
