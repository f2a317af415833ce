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
using SmmAgent.Core.Tokens;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Privileged;
using SmmAgent.Daemon.Sidecar;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.Locks;
using SmmAgent.Linux.Network.Names;
using SmmAgent.Linux.Packages;
using SmmAgent.Linux.Sidecar;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Tests.Daemon.Sidecar;

/// <summary>
/// The daemon's part for the sidecar, below a root of its own: systemd and dpkg-query are stand-ins, files and the readiness port are real.
/// </summary>
public sealed class SidecarServiceTests : IAsyncDisposable
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly PackageKey Key = PackageSigningKey.New().Public;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-sidecar-");
    private readonly FakeTimeProvider _time = new(Start);
    private readonly AgentStates _states = new();
    private readonly RecordingLogger<SidecarService> _log = new();
    private readonly RecordingLogger<ReconcileRequest> _requests = new();
    private readonly IUnits _units = Substitute.For<IUnits>();
    private readonly RawServer _readiness = new();
    private readonly AgentPaths _paths;
    private readonly SidecarRecords _records;
    private readonly SidecarService _service;

    public SidecarServiceTests()
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
            new GuardedFiles(_paths.Root),
            new InstalledPackage(tools, ["sh", Below("dpkg-query")], _paths.Root),
            () => (_units, null),
            new SidecarReadiness(_time, _readiness.Port),
            new SidecarCapture(new CommandRunner(prefix: ["true"])),
            isRoot: false);
        _service = new SidecarService(
            new LoopContext(_time, new LoopProgress(_time), new ProcessFault(Substitute.For<IHostApplicationLifetime>())),
            _states,
            new SidecarSources(observer, new SidecarHostContext(new NameLookup(_time), tools), _records, new ReconcileActivity(() => (_units, null), _paths.RootPresence)),
            new ReconcileRequest(_paths.ReconcileRequest, _time, _requests),
            "0.1.0",
            _log);
        Set(ManagementMode.Manage);
        _states.Mesh.Publish(MeshConfigState.Initial with { Config = Config("1.15.3") });
        _states.Address.Publish(new(new ExternalAddress(IPAddress.Parse("198.18.0.100"), "configured"), ConditionUpdate.True(ConditionType.AddressKnown, "Known", "")));
    }

    private IEnumerable<(string Type, string Reason)> Said => _states.Sidecar.Value.Conditions.Select(finding => (finding.Type, finding.Reason));

    private bool IsAsked => File.Exists(_paths.ReconcileRequest);

    public async ValueTask DisposeAsync()
    {
        await _readiness.DisposeAsync();
        _service.Dispose();
        _units.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task SwitchedOffItLooksAtNothingAndSaysSo()
    {
        Set(ManagementMode.Off);

        Assert.Equal(TimeSpan.FromHours(1), await StepAsync());

        Assert.All(_states.Sidecar.Value.Conditions, finding => Assert.Equal((ConditionStatus.Unknown, ConditionUpdate.Disabled), (finding.Status, finding.Reason)));
        _units.DidNotReceive().ObserveService(SidecarObserver.Unit);
        Assert.False(IsAsked);
    }

    [Fact]
    public async Task WithoutAMeshConfigurationNobodyKnowsWhatShouldBe()
    {
        _states.Mesh.Publish(MeshConfigState.Initial);

        Assert.Equal(TimeSpan.FromHours(1), await StepAsync());

        Assert.All(Said, said => Assert.Equal(ConditionUpdate.NotConfigured, said.Reason));
        Assert.False(IsAsked);
    }

    [Fact]
    public async Task ASidecarThatIsMissingIsAskedOfRoot()
    {
        Assert.Equal(SidecarService.IntervalWhileBad, await StepAsync());

        Assert.Equal([("SidecarInstalled", "NotInstalled"), ("SidecarCurrent", "NotInstalled"), ("SidecarRunning", "NotInstalled")], Said);
        Assert.Equal(["Information: Requested a privileged reconcile: write "
            + "/etc/systemd/system/istio.service.d/10-smm-agent.conf (it is missing); install istio-sidecar 1.15.3; start istio.service"], _requests.Lines.Select(WithoutFiles));
        Assert.True(IsAsked);
    }

    [Fact]
    public async Task UntilRootHasAnsweredForTheFirstTimeItsPartIsDueForTwoMinutesAtMost()
    {
        await StepAsync();
        Assert.True(_states.Sidecar.Value.IsReconcileDue);

        _time.Advance(TimeSpan.FromMinutes(2));
        await StepAsync();
        Assert.False(_states.Sidecar.Value.IsReconcileDue);
    }

    [Fact]
    public async Task OnceRootHasAnsweredItsPartIsNotDueForWhatItCouldNotDo()
    {
        _records.Report(ReconcileReport.None);
        await StepAsync();
        Assert.False(_states.Sidecar.Value.IsReconcileDue);
    }

    [Fact]
    public async Task WhileAnOperatorsReconcileIsAtWorkRootsPartIsDueAndNothingIsAsked()
    {
        _records.Report(ReconcileReport.None);
        using (await RootPresence.ShowAsync(_paths.RootPresence, TimeProvider.System, Cancel))
        {
            Assert.Equal(SidecarService.IntervalAtStart, await StepAsync());
            Assert.True(_states.Sidecar.Value.IsReconcileDue);
            Assert.False(IsAsked);
        }

        await StepAsync();
        Assert.False(_states.Sidecar.Value.IsReconcileDue);
        Assert.True(IsAsked);
    }

    [Theory]
    [InlineData("smm-agent-reconcile.service", "active", true)]
    [InlineData("smm-agent-reconcile.service", "activating", true)]
    [InlineData("smm-agent-reconcile-request.service", "activating", true)]
    [InlineData("smm-agent-reconcile-request.service", "deactivating", false)] // it rests
    public async Task WhileSystemdRunsRootsPartItIsDue(string unit, string active, bool isDue)
    {
        _records.Report(ReconcileReport.None);
        _units.ObserveService(unit).Returns(new ServiceState(new(unit, "loaded", active, "", "enabled"), 1, Start, 0, "success"));

        await StepAsync();

        Assert.Equal(isDue, _states.Sidecar.Value.IsReconcileDue);
    }

    [Fact]
    public async Task InCheckModeItIsLeftToTheOperator()
    {
        Set(ManagementMode.Check);

        await StepAsync();

        Assert.Contains("left to you", _states.Sidecar.Value.Conditions[0].Message, StringComparison.Ordinal);
        Assert.False(IsAsked);
    }

    [Fact]
    public async Task OneThatRunsIsSaidWithItsVersionAndLookedAtOftenUntilItIsRegistered()
    {
        Set(ManagementMode.Check);
        Install("1.15.3");
        Unit("active", Start);

        Assert.Equal(SidecarService.IntervalAtStart, await StepAsync());
        Assert.Equal(("1.15.3", true, Start), (_states.Sidecar.Value.Version, _states.Sidecar.Value.Unit!.IsReady, _states.Sidecar.Value.Unit.Since));
        Assert.Contains(("SidecarRunning", "Running"), Said);

        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(SidecarService.IntervalWhileBad, await StepAsync());

        Register();
        Assert.Equal(SidecarService.Interval, await StepAsync());

        _readiness.Answers = _ => RawServer.Answer("503 Service Unavailable", "");
        Assert.Equal(SidecarService.IntervalWhileBad, await StepAsync());
        Assert.Contains(("SidecarRunning", "NotReady"), Said);
    }

    [Fact]
    public async Task WhyItIsNotRegisteredIsReadInItsLogBelowTheSameRoot()
    {
        Set(ManagementMode.Check);
        Install("1.15.3");
        Unit("active", Start);
        Directory.CreateDirectory(Below("var/log/istio"));
        await File.WriteAllTextAsync(
            Below("var/log/istio/istio.err.log"), "2026-01-01T12:00:01.000000Z\terror\tFailed to listen on 127.0.0.1:15000: listen tcp 127.0.0.1:15000: bind: address already in use\n", Cancel);

        await StepAsync();
        Assert.NotNull(_states.Sidecar.Value.Failure);

        // Also while the dashboard has seen it registered: that may be over since.
        Register();
        await StepAsync();
        Assert.Equal("15000", _states.Sidecar.Value.Failure!.Subject);

        // It was written in an earlier run.
        Unit("active", Start.AddSeconds(2));
        _time.Advance(TimeSpan.FromSeconds(3));
        await StepAsync();
        Assert.Null(_states.Sidecar.Value.Failure);
    }

    [Fact]
    public async Task OneThatIsHeldBackIsLookedAtWhenItMayStart()
    {
        Install("1.15.3");
        _records.Report(ReconcileReport.None with { CrashLoop = new(HeldUntil: Start.AddSeconds(4)) });

        Assert.Equal(TimeSpan.FromSeconds(4), await StepAsync());
        Assert.Contains(("SidecarRunning", "CrashLoop"), Said);
    }

    [Fact]
    public async Task OneThatKeepsFailingIsAskedToBeStoppedOnceAndNotAtEachLook()
    {
        Install("1.15.3");
        Unit("activating", null, restarts: CrashLoop.MaximumFailures);

        for (var look = 0; look < 3; look++)
        {
            await StepAsync();
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Contains("stop istio.service, which keeps failing", Assert.Single(_requests.Lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatRootCouldNotDoIsToldOnceAndReachesTheConditions()
    {
        Fail("its SHA-256 is another");
        await StepAsync();
        Assert.Equal(["Information: Privileged reconcile failed: package (WrongChecksum): its SHA-256 is another"], _log.Lines);
        _time.Advance(TimeSpan.FromSeconds(30));
        await StepAsync();
        Assert.Equal("Warning: Privileged reconcile failed: package (WrongChecksum): its SHA-256 is another", Assert.Single(_log.Lines.Skip(1)));
        Assert.Contains(("SidecarInstalled", "WrongChecksum"), Said);

        // The message may be another at each try.
        for (var other = 0; other < 3; other++)
        {
            Fail($"its SHA-256 is {other}");
            _time.Advance(TimeSpan.FromMinutes(1));
            await StepAsync();
        }

        Assert.Equal(2, _log.Lines.Count);

        _records.Report(ReconcileReport.None);
        await StepAsync();
        Assert.Equal("Information: Privileged reconcile succeeded: package (failed before: WrongChecksum)", _log.Lines[^1]);

        void Fail(string message) =>
            _records.Report(ReconcileReport.None with { Failures = [new(ReconcilePart.Package, "1.15.3", StepFailureReason.WrongChecksum, message)] });
    }

    [Theory]
    [InlineData(ManagementMode.Off)]
    [InlineData(ManagementMode.Check)]
    public async Task ANewerAgentIsAskedForWhateverBecomesOfTheSidecar(ManagementMode mode)
    {
        _states.Mesh.Publish(MeshConfigState.Initial with { Config = Config("1.15.3", Package("smm-agent", "0.2.0")) });
        Set(mode);
        await StepAsync();
        Assert.True(IsAsked);

        File.Delete(_paths.ReconcileRequest);
        _states.Settings.Publish(_states.Settings.Value with { Settings = _states.Settings.Value.Settings with { SelfUpgrade = false } });
        _time.Advance(ReconcileRequest.Maximum);
        await StepAsync();
        Assert.False(IsAsked);
    }

    [Fact]
    public async Task WhenTheDashboardIsBackWhatFailedIsTriedAtOnce()
    {
        await StepAsync();
        File.Delete(_paths.ReconcileRequest);
        await StepAsync();
        Assert.False(IsAsked);

        _service.Retry();
        Assert.True(await _service.Signal.WaitAsync(TimeSpan.Zero, TimeProvider.System, Cancel));
        await StepAsync();

        Assert.True(IsAsked);
    }

    [Fact]
    public async Task WhatFailedIsTriedAtOnceAlsoWhenOnlyTheMeshConfigurationTellsThatTheDashboardIsBack()
    {
        await StepAsync();
        File.Delete(_paths.ReconcileRequest);
        _states.Mesh.Publish(_states.Mesh.Value with { ConfigCurrent = ConditionUpdate.False(ConditionType.ConfigCurrent, "DashboardError", "503") });
        await StepAsync();
        Assert.False(IsAsked);

        _states.Mesh.Publish(_states.Mesh.Value with { ConfigCurrent = ConditionUpdate.True(ConditionType.ConfigCurrent, "Current", "") });
        await StepAsync();
        Assert.True(IsAsked);

        File.Delete(_paths.ReconcileRequest);
        await StepAsync();
        Assert.False(IsAsked);
    }

    [Theory]
    [InlineData(ReconcilePart.Package, StepFailureReason.Unreachable, true)]
    [InlineData(ReconcilePart.Token, StepFailureReason.TokenRefused, true)]
    [InlineData(ReconcilePart.Package, StepFailureReason.InstallFailed, false)]
    public async Task ADashboardThatIsBackCuresOnlyWhatItsAbsenceCaused(ReconcilePart part, StepFailureReason reason, bool isAsked)
    {
        _records.Report(ReconcileReport.None with { Failures = [new(part, "1.15.3", reason, "a test's")] });
        await StepAsync();
        File.Delete(_paths.ReconcileRequest);

        _service.Retry();
        await StepAsync();

        Assert.Equal(isAsked, IsAsked);
    }

    [Fact]
    public async Task AnUpgradeOfTheAgentThatFailedIsToldAlsoWhereNobodyLooksAtTheSidecar()
    {
        Set(ManagementMode.Off);
        _records.Report(ReconcileReport.None with { Failures = [new(ReconcilePart.Upgrade, "0.2.0", StepFailureReason.WrongChecksum, "its SHA-256 is another")] });

        await StepAsync();

        Assert.Equal(["Information: Privileged reconcile failed: upgrade (WrongChecksum): its SHA-256 is another"], _log.Lines);
    }

    [Theory]
    [InlineData(5, null)] // half of its life is over
    [InlineData(60, 5)]
    public async Task ATokenIsLookedAtWhenItIsDueAndWhenItEnds(int expires, int? half)
    {
        Install("1.15.3");
        Unit("active", Start - TimeSpan.FromMinutes(5));
        Register();
        await PutTokenAsync(new(half is null ? TokenVerdict.Renew : TokenVerdict.Use, "a test's", half is { } seconds ? Start.AddSeconds(seconds) : null, Start.AddSeconds(expires)));

        Assert.Equal(TimeSpan.FromSeconds(5), await StepAsync());
    }

    [Fact]
    public async Task ATokenThatBecomesDueDuringALookIsLookedAtAgainAtOnceAndAskedOfRoot()
    {
        Install("1.15.3");
        Unit("active", Start - TimeSpan.FromMinutes(5));
        Register();
        await PutTokenAsync(new(TokenVerdict.Use, "a test's", Start.AddSeconds(2), Start.AddMinutes(30)));
        _time.Advance(TimeSpan.FromSeconds(1.999));
        _units.When(units => units.ObserveService(SidecarObserver.Unit)).Do(_ => _time.Advance(TimeSpan.FromMilliseconds(20)));

        Assert.Equal(TimeSpan.FromMilliseconds(1), await StepAsync());
        await StepAsync();

        Assert.Contains("fetch a new istio-token", _requests.Lines[^1], StringComparison.Ordinal);
    }

    private async Task PutTokenAsync(IstioToken judged)
    {
        var token = Below("var/run/secrets/tokens/istio-token");
        Directory.CreateDirectory(Path.GetDirectoryName(token)!);
        await File.WriteAllTextAsync(token, "a token", Cancel);
        _records.Report(ReconcileReport.None with { Token = judged });
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Task<TimeSpan> StepAsync() => _service.StepAsync(Cancel);

    private string Below(string path) => Path.Combine(_folder.FullName, path);

    private void Set(ManagementMode mode) => _states.Settings.Publish(new(
        new() { DashboardUrl = new("https://smm.example.com"), Namespace = Sample.Namespace, Name = Sample.Name, Sidecar = new() { Mode = mode }, TrustedKeys = [Key] }, [], []));

    private void Install(string version)
    {
        File.WriteAllText(Below("dpkg-query.version"), version);
        File.WriteAllText(Below("var/lib/dpkg/status"), version);
    }

    private void Unit(string active, DateTimeOffset? since, int restarts = 0)
    {
        var unit = new ServiceState(new("istio.service", "loaded", active, "", "enabled"), since is null ? 0 : 1, since, restarts, "success");
        _units.ObserveService(SidecarObserver.Unit).Returns(unit);
    }

    private void Register() => _states.Cluster.Publish(ClusterViewState.Initial with { Registered = ConditionUpdate.True(ConditionType.Registered, "Registered", "it is") });

    private static MeshConfig Config(string sidecar, params Package[] more) =>
        MeshConfigReader.Read(Encoding.UTF8.GetBytes(Sample.ConfigText())).Value! with { Packages = [Package("istio-sidecar", sidecar), .. more] };

    private static Package Package(string name, string version) => new()
    {
        Name = name, Version = version, Format = PackageFormat.Deb, Architecture = "all", Path = "/packages/x.deb", Sha256 = new('a', 64),
    };

    // Which files there are to write is the planner's.
    private static string WithoutFiles(string line) =>
        string.Join("; ", line.Split("; ").Where(step => !step.StartsWith("write ", StringComparison.Ordinal) && !step.StartsWith("fetch ", StringComparison.Ordinal)));
}
