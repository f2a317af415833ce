namespace SmmDashboard.Kubernetes.Agents;

/// <summary>The dependencies of the store.</summary>
internal sealed record MachineParts(
    KnownMachines Machines, MachineWriter Writer, StatusQueue Queue, MachineGroups Groups, MachineFaults Faults);
