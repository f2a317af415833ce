using System.Threading.Channels;
using SmmAgent.Contract;
using SmmDashboard.Agents;
using SmmDashboard.Groups;

namespace SmmDashboard.Admin.Machines;

/// <summary>The machines of all WorkloadGroups.</summary>
public interface IMachineSource
{
    /// <summary>The machines that are known now. A machine is the same instance until it changes.</summary>
    IEnumerable<ObservedMachine> Machines { get; }

    /// <summary>Receives a value after machines have changed. A full channel loses nothing: the reader reads all machines.</summary>
    ChannelReader<bool> Changes { get; }

    /// <summary>Reads the last report of a machine; null when the machine is not known.</summary>
    /// <exception cref="Http.UnavailableException">The report cannot be read now.</exception>
    ValueTask<MachineReportView?> ReadAsync(GroupId group, string id, CancellationToken cancellationToken);
}

/// <summary>The last report of a machine. An agent wrote the texts: anything may be in them.</summary>
public sealed record MachineReportView
{
    public string OperatingSystem { get; init; } = "";

    public IReadOnlyList<string> InterfaceAddresses { get; init; } = [];

    /// <summary>The name of the WorkloadEntry; null when none is known.</summary>
    public string? WorkloadEntry { get; init; }

    /// <summary>The replica of the dashboard that received the report; null when there is one dashboard.</summary>
    public string? ConnectedTo { get; init; }

    public IReadOnlyList<Condition> Conditions { get; init; } = [];
}
