using System.Text;
using Microsoft.Extensions.Time.Testing;
using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Status;
using SmmAgent.Host;
using SmmAgent.Host.Rollback;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Identity;
using SmmAgent.Linux.State;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Tests.Host.Fakes;

/// <summary>A host below a temporary folder, with fakes of everything outside the process, and a clock that the test moves.</summary>
internal sealed class HostFixture : IHostAccess, IDisposable
{
    public const string Uuid = "0327b100-a008-4364-a2b3-7d1777bb5b9a";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-host-");
    private readonly StringWriter _output = new() { NewLine = "\n" };

    private readonly TimeProvider _time;

    /// <param name="time">Null for a clock that the test moves.</param>
    public HostFixture(TimeProvider? time = null)
    {
        _time = time ?? Time;
        Paths = new(_folder.FullName);
        Units = new(Record);
        Firewall = new(Record);
        Sidecar = new(Record);
        Dashboard = new(Record, Target) { Answer = () => Answered() };
        Directory.CreateDirectory(Paths.ConfigDirectory);
        Directory.CreateDirectory(Paths.RuntimeDirectory);
        Directory.CreateDirectory(Paths.StateDirectory);
        WriteSettings();
        File.WriteAllText(Paths.BearerToken, "bearer-token-of-a-test\n");
        Context = new()
        {
            Paths = Paths,
            Time = _time,
            IsPrivileged = true,
            Progress = new Progress(_output, colour: false),
            Firewall = Firewall,
            Sidecar = Sidecar,
            Access = this,
        };
    }

    public static DashboardTarget Target { get; } = new(new Uri("https://smm.example.com"), Sample.Namespace, Sample.Name);

    public AgentPaths Paths { get; }

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));

    public HostRecord Record { get; } = new();

    public FakeUnits Units { get; }

    public FakeFirewall Firewall { get; }

    public FakeSidecar Sidecar { get; }

    public FakeDashboard Dashboard { get; }

    public HostContext Context { get; private set; }

    /// <summary>The reason for the missing systemd; null if the host has one.</summary>
    public string? NoSystemd { get; set; }

    /// <summary>Called when the units are opened, which blocks while systemd does not answer.</summary>
    public Action? OpeningUnits { get; set; }

    public bool IgnoresHangup { get; private set; }

    public string Output => _output.ToString();

    public IReadOnlyList<string> Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public IReadOnlyList<string> Calls => Record.Calls;

    public RollbackSnapshot Snapshot => new(Paths);

    public static DashboardResult<MeshConfigAnswer> Answered(string? text = null)
    {
        var body = Encoding.UTF8.GetBytes(text ?? Sample.ConfigText());
        var reading = MeshConfigReader.Read(body);
        return DashboardResult<MeshConfigAnswer>.Good(new MeshConfigAnswer.Changed(new(reading.Value!, body, "\"1\"")));
    }

    /// <summary>The context of a process that is not root.</summary>
    public HostContext Unprivileged() => Context = new()
    {
        Paths = Paths,
        Time = _time,
        IsPrivileged = false,
        Progress = Context.Progress,
        Firewall = Firewall,
        Sidecar = Sidecar,
        Access = this,
    };

    /// <param name="more">Lines behind the usual ones.</param>
    public void WriteSettings(string more = "", string uuid = $"uuid: {Uuid}\n") => File.WriteAllText(
        Paths.Settings,
        $"""
        {uuid}dashboard:
          url: https://smm.example.com
        workloadGroup:
          namespace: {Sample.Namespace}
          name: {Sample.Name}
        node:
          ip: 10.0.0.10
        {more}
        """);

    /// <summary>Keeps a mesh configuration of the dashboard as the last good one.</summary>
    public void KeepMeshConfig(DashboardTarget? from = null)
    {
        HostStateDirectory.Create(Paths);
        var body = Encoding.UTF8.GetBytes(Sample.ConfigText());
        Assert.Null(new LastGoodMeshConfig(Paths.HostLastGoodMeshConfig).Save(
            new(MeshConfigReader.Read(body).Value!, body, "\"0\"", from ?? Target, Time.GetUtcNow().AddHours(-1))));
    }

    /// <summary>Keeps the identity of a daemon whose report the dashboard accepted.</summary>
    public void KeepReportedIdentity(string uuid = Uuid) =>
        AgentIdentity.LoadOrCreate(Paths.Identity, bytes => bytes.Fill(7), machine: null).WithReported(Paths.Identity, Guid.Parse(uuid));

    /// <summary>Writes the status of a daemon that says whether the VM is registered.</summary>
    public void WriteRegistration(string status = "True", string reason = "Registered", string message = "it is")
    {
        var condition = new Condition
        {
            Type = ConditionType.Registered, Status = status, Reason = reason, Message = message, LastTransitionTime = Time.GetUtcNow(),
        };
        File.WriteAllBytes(
            Paths.Status,
            StatusJson.Write(new AgentStatus
            {
                Agent = new AgentInfo("0.1.0", null),
                WorkloadGroup = new(Sample.Namespace, Sample.Name),
                Network = new NetworkStatus(null),
                Gateways = [],
                Ports = [],
                Conditions = [condition],
                UpdatedAt = Time.GetUtcNow(),
            }));
    }

    public (IUnits? Units, string? Reason) OpenUnits()
    {
        OpeningUnits?.Invoke();
        return NoSystemd is null ? (Units, null) : (null, NoSystemd);
    }

    public IHostDashboard? OpenDashboard(AgentSettings settings) => DashboardTarget.From(settings) is null ? null : Dashboard;

    public void IgnoreHangup() => IgnoresHangup = true;

    public string? Variable(string name) => null;

    public void Dispose()
    {
        Context.Dispose();
        _output.Dispose();
        _folder.Delete(recursive: true);
    }
}
