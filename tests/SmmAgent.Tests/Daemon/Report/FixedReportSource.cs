using SmmAgent.Contract;
using SmmAgent.Daemon.Report;

namespace SmmAgent.Tests.Daemon.Report;

/// <summary>The facts of a VM that changes only when a test changes it.</summary>
internal sealed class FixedReportSource : IReportSource
{
    public HostReport Host { get; } = new("vm", "Debian", "amd64");

    public VersionReport Versions { get; } = new("1.2.3", null);

    public IReadOnlyList<string> InterfaceAddresses { get; set; } = ["10.0.0.2"];

    public IReadOnlyList<Condition> Conditions => [];

    public string? Instance => "0123456789abcdef";
}
