using SmmAgent.Contract;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Report;
using SmmAgent.Daemon.Status;
using SmmAgent.Linux.Host;

namespace SmmAgent.Daemon.Lifetime;

/// <summary>Reads the facts of a report from this host and from the services of the daemon.</summary>
internal sealed class HostReportSource(string version, AgentStates states, StatusService status, string? instance) : IReportSource
{
    public HostReport Host => HostFacts.Read();

    public VersionReport Versions => new(version, states.Sidecar.Value.Version);

    public IReadOnlyList<string> InterfaceAddresses => Linux.Network.Interfaces.InterfaceAddresses.Read();

    public IReadOnlyList<Condition> Conditions => status.Conditions;

    public string? Instance => instance;
}
