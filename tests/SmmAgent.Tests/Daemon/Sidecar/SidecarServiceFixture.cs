using System.Net;
using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using NSubstitute;
using SmmAgent.Contract;
using SmmAgent.Contract.Signing;
using SmmAgent.Core.Address;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Status;
using SmmAgent.Core.Tokens;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Privileged;
using SmmAgent.Daemon.Sidecar;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.Network.Names;
using SmmAgent.Linux.Packages;
using SmmAgent.Linux.Sidecar;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Tests.Daemon.Sidecar;

/// <summary>
/// The sidecar service below a separate root: systemd and dpkg-query are stand-ins, files and the readiness port are real.
/// </summary>
public abstract class SidecarServiceFixture : IAsyncDisposable
{
    private protected static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private protected static readonly PackageKey Key = PackageSigningKey.New().Public;

    private protected readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-sidecar-");
    private protected readonly FakeTimeProvider _time = new(Start);
    private protected readonly AgentStates _states = new();
    private protected readonly RecordingLogger<SidecarService> _log = new();
    private protected readonly RecordingLogger<ReconcileRequest> _requests = new();
    private protected readonly IUnits _units = Substitute.For<IUnits>();
    private protected readonly RawServer _readiness = new();
    private protected readonly AgentPaths _paths;
    private protected readonly SidecarRecords _records;
    private protected readonly SidecarService _service;

    private protected SidecarServiceFixture()
    {
        _paths = new AgentPaths(_folder.FullName);
        foreach (var folder in (string[])[_paths.RuntimeDirectory, Below("var/lib/dpkg")])
            Directory.CreateDirectory(folder);
        File.WriteAllText(Below("dpkg-query"), """
            if [ -s "$0.version" ]; then printf 'installed ok %s\n' "$(cat "$0.version")"; else echo 'dpkg-query: no packages found' >&2; exit 1; fi
            """);
        _readiness.Answers = _ => RawServer.Answer("200 OK", "");
        Unit("inactive", null);
        _records = new SidecarRecords(_paths);
        var tools = new PackageTools("apt-get", PackageFormat.Deb);
        var observer = new SidecarObserver(
            new SafeFileSystem(_paths.Root),
            new InstalledPackage(tools, ["sh", Below("dpkg-query")], _paths.Root),
            () => (_units, null),
            new SidecarReadiness(_time, _readiness.Port),
            new SidecarCapture(new CommandRunner(prefix: ["true"])),
            isRoot: false);
        _service = new SidecarService(
            new LoopContext(_time, new LoopProgress(_time), new ProcessFault(Substitute.For<IHostApplicationLifetime>())),
            _states,
            new SidecarSources(observer, new SidecarInputReader(new NameLookup(_time), tools), _records,
                new ReconcileActivity(() => (_units, null), _paths.PrivilegedPresence)),
            new ReconcileRequest(_paths.ReconcileRequest, _time, _requests),
            "0.1.0",
            _log);
        Set(ManagementMode.Manage);
        _states.Mesh.Publish(MeshConfigState.Initial with { Config = Config("1.15.3") });
        _states.Address.Publish(new(new ExternalAddress(IPAddress.Parse("198.18.0.100"), "configured"),
            ConditionUpdate.True(ConditionType.AddressKnown, "Known", "")));
    }

    private protected long Count(CountedEvent counted) => _states.Counters.Current[counted];

    private protected IEnumerable<(string Type, string Reason)> Reasons =>
        _states.Sidecar.Value.Conditions.Select(finding => (finding.Type, finding.Reason));

    private protected bool IsAsked => File.Exists(_paths.ReconcileRequest);

    public async ValueTask DisposeAsync()
    {
        await _readiness.DisposeAsync();
        _service.Dispose();
        _units.Dispose();
        _folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected async Task PutTokenAsync(IstioToken judged)
    {
        var token = Below("var/run/secrets/tokens/istio-token");
        Directory.CreateDirectory(Path.GetDirectoryName(token)!);
        await File.WriteAllTextAsync(token, "a token", Cancel);
        _records.Report(ReconcileReport.None with { Token = judged });
    }

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected Task<TimeSpan> StepAsync() => _service.StepAsync(Cancel);

    private protected string Below(string path) => Path.Combine(_folder.FullName, path);

    private protected void Set(ManagementMode mode) => _states.Settings.Publish(new(
        new()
        {
            DashboardUrl = new("https://smm.example.com"), Namespace = Sample.Namespace, Name = Sample.Name,
            Sidecar = new() { Mode = mode }, TrustedKeys = [Key]
        }, [], []));

    private protected void Install(string version)
    {
        File.WriteAllText(Below("dpkg-query.version"), version);
        File.WriteAllText(Below("var/lib/dpkg/status"), version);
    }

    private protected void Unit(string active, DateTimeOffset? since, int restarts = 0)
    {
        var unit = new ServiceState(new("istio.service", "loaded", active, "", "enabled"), since is null ? 0 : 1, since, restarts,
            "success");
        _units.ObserveService(SidecarObserver.Unit).Returns(unit);
    }

    private protected void Register() =>
        _states.Cluster.Publish(ClusterViewState.Initial with
        {
            Registered = ConditionUpdate.True(ConditionType.Registered, "Registered",
            "it is")
        });

    private protected static MeshConfig Config(string sidecar, params Package[] more) =>
        MeshConfigReader.Read(Encoding.UTF8.GetBytes(Sample.ConfigText())).Value! with
        {
            Packages = [Package("istio-sidecar", sidecar),
            .. more]
        };

    private protected static Package Package(string name, string version) => new()
    {
        Name = name, Version = version, Format = PackageFormat.Deb, Architecture = "all", Path = "/packages/x.deb", Sha256 = new('a', 64),
    };
}
