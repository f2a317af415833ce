using SmmAgent.Contract;

namespace SmmAgent.Daemon.Report;

/// <summary>The facts of a report, read when a report is built.</summary>
public interface IReportSource
{
    /// <summary>The machine; it may be renamed while the agent runs.</summary>
    HostReport Host { get; }

    VersionReport Versions { get; }

    /// <summary>The addresses of the interfaces of the VM.</summary>
    IReadOnlyList<string> InterfaceAddresses { get; }

    IReadOnlyList<Condition> Conditions { get; }

    /// <summary>The id of this boot, as <see cref="AgentReport.Instance"/> has it; null if the host has none.</summary>
    string? Instance { get; }
}
