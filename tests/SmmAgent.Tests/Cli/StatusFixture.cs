using Microsoft.Extensions.Time.Testing;
using SmmAgent.Cli;
using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Status;
using SmmAgent.Linux.Files;

namespace SmmAgent.Tests.Cli;

/// <summary>Runs <c>smm-agent status</c> on the files of a host.</summary>
public abstract class StatusFixture : IDisposable
{
    protected StatusFixture()
    {
        Paths = new AgentPaths(Folder);
        Directory.CreateDirectory(Paths.RuntimeDirectory);
    }

    protected string Folder { get; } = Directory.CreateTempSubdirectory("smm-cli-").FullName;

    protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    protected StringWriter Output { get; } = new();

    protected StringWriter Error { get; } = new();

    protected AgentPaths Paths { get; }

    public void Dispose()
    {
        Output.Dispose();
        Error.Dispose();
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    protected Task<int> RunAsync(StatusOptions options, CancellationToken? cancel = null) =>
        StatusCommand.RunAsync(Paths, options, Output, Error, Time, cancel ?? TestContext.Current.CancellationToken);

    protected static StatusOptions Options() => new() { Host = "db-17" };

    protected void Configure()
    {
        Directory.CreateDirectory(Paths.ConfigDirectory);
        File.WriteAllText(
            Paths.Settings,
            "dashboard:\n  url: https://smm.example.com\nworkloadGroup:\n  namespace: vm-integration\n  name: analytics-v0\n");
        File.WriteAllText(Paths.BearerToken, "token");
    }

    protected void Write(AgentStatus status) =>
        AtomicFile.Write(Paths.Status, StatusJson.Write(status), AtomicFile.Public);

    protected AgentStatus Status() => new()
    {
        Agent = new AgentInfo("0.1.0", new Guid("0327b100-a008-4364-a2b3-7d1777bb5b9a")),
        Attachment = new("degraded", Time.GetUtcNow().AddMinutes(-3), "PortsOpen", "NotOpen", "8080 is closed",
            "sudo smm-agent reconcile"),
        WorkloadGroup = new GroupName("vm-integration", "analytics-v0"),
        Address = new AddressReport("3.67.91.181", "configured"),
        Network = new NetworkStatus("different-network"),
        Gateways = [new("gw", "13.48.73.61", 15012, "ok", 3.1), new("gw", "2a00::1", 15012, "refused", null)],
        Ports = [new(8080, "http", true, false, null), new(16400, "agent", true, true, true),
            new(16401, "sidecar-metrics", true, null, null)],
        Sidecar = new("1.15.3", Running: true, Ready: true, Time.GetUtcNow().AddMinutes(-2)),
        Conditions =
        [
            Condition(ConditionType.ConfigCurrent, "True", "Current", "as the dashboard says"),
            Condition(ConditionType.GatewaysReachable, "True", ConditionUpdate.Degraded, "1 of 2 gateways"),
            Condition(ConditionType.PortsOpen, "False", "NotOpen", "8080\e[31m is closed: sudo smm-agent reconcile"),
            Condition(ConditionType.SidecarInstalled, "Unknown", ConditionUpdate.Disabled, "not managed"),
        ],
        UpdatedAt = Time.GetUtcNow(),
    };

    protected Condition Condition(string type, string status, string reason, string message) => new()
    {
        Type = type,
        Status = status,
        Reason = reason,
        Message = message,
        LastTransitionTime = Time.GetUtcNow().AddMinutes(-3),
    };
}
