using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Status;
using SmmAgent.Host;
using SmmAgent.Host.Reconcile;
using SmmAgent.Tests.Daemon;

namespace SmmAgent.Tests.Host.Reconcile;

/// <summary>How <c>reconcile</c> waits for the registration in status.json.</summary>
public sealed class RegistrationWaitTests : IDisposable
{
    private const int LooksInAMinute = 240;

    private static readonly GroupName Group = new("vm-integration", "analytics-v0");

    private readonly string _directory = Directory.CreateTempSubdirectory("smm-wait-").FullName;
    private readonly WatchedTime _time = new();
    private readonly StringWriter _output = new() { NewLine = "\n" };
    private readonly AgentPaths _paths;

    public RegistrationWaitTests()
    {
        _paths = new AgentPaths(_directory);
        Directory.CreateDirectory(_paths.RuntimeDirectory);
    }

    public void Dispose()
    {
        _output.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(59)]
    public async Task AnEarlierStatusOfARunningDaemonCounts(int secondsAgo)
    {
        Write("True", "Registered", "it is", _time.GetUtcNow().AddSeconds(-secondsAgo));

        Assert.Equal(ExitCode.Done, await RunAsync());
        Assert.Equal("✓ wait-for-registration ❯ workloadentry is registered successfully\n", _output.ToString());
    }

    [Fact]
    public async Task TheWaitEndsWhenTheDaemonReportsTheRegistration()
    {
        Write("Unknown", ConditionUpdate.Pending, "not checked yet", _time.GetUtcNow());
        var run = RunAsync();
        await PassAsync(2);
        Write("False", "TokenRefused", "the control plane refused the token", _time.GetUtcNow());
        await PassAsync(2);
        Assert.False(run.IsCompleted);

        Write("True", "Registered", "it is", _time.GetUtcNow());
        await PassAsync(1);

        Assert.Equal(ExitCode.Done, await run);
    }

    [Fact]
    public async Task TheReasonIsPrintedAfterAMinute()
    {
        Write("False", "TokenRefused", "the control plane refused the token", _time.GetUtcNow());
        var run = RunAsync();
        await PassAsync(LooksInAMinute);

        Assert.Equal(ExitCode.Timeout, await run);
        Assert.Equal("✗ wait-for-registration ❯ not registered after 60 s: TokenRefused: the control plane refused the token\n",
            _output.ToString());
    }

    [Fact]
    public async Task ASidecarThatNeedsARestartEndsTheWaitOfAnUnregisteredVm()
    {
        const string Restart = "the sidecar needs a restart: /etc/istio/config/mesh changed since its start; sudo systemctl restart istio";
        Write("Unknown", ConditionUpdate.Pending, "not checked yet", _time.GetUtcNow());
        var run = RunAsync(Restart);
        await PassAsync(1);
        Assert.False(run.IsCompleted);

        Write("False", "ControlPlaneNotTrusted", "x509", _time.GetUtcNow());
        await PassAsync(1);

        Assert.Equal(ExitCode.Failed, await run);
        Assert.Equal($"✗ wait-for-registration ❯ not registered: {Restart}\n", _output.ToString());
    }

    [Fact]
    public async Task ASidecarThatIsRegisteredMayBeRestartedLater()
    {
        Write("True", "Registered", "it is", _time.GetUtcNow());
        Assert.Equal(ExitCode.Done, await RunAsync("the sidecar needs a restart"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AStatusOfAnEarlierDaemonDoesNotCount(bool isThere)
    {
        if (isThere)
            Write("True", "Registered", "it is", _time.GetUtcNow().AddMinutes(-2));
        var run = RunAsync();
        await PassAsync(LooksInAMinute);

        Assert.Equal(ExitCode.Timeout, await run);
        Assert.EndsWith("waiting for the daemon's first report\n", _output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AStatusOfAnotherWorkloadGroupDoesNotCount()
    {
        Write("True", "Registered", "it is", _time.GetUtcNow(), new("vm-integration", "analytics-v1"));
        var run = RunAsync();
        await PassAsync(2);
        Assert.False(run.IsCompleted);

        Write("True", "Registered", "it is", _time.GetUtcNow());
        await PassAsync(1);

        Assert.Equal(ExitCode.Done, await run);
    }

    private Task<int> RunAsync(string? restart = null) =>
        new RegistrationWait(_paths, Group, new Progress(_output, colour: false), _time, TimeSpan.FromSeconds(60))
        {
            RestartNeeded = restart,
        }.RunAsync(TestContext.Current.CancellationToken);

    private async Task PassAsync(int polls)
    {
        for (var i = 0; i < polls; i++)
            _time.Advance(await _time.NextWaitAsync());
    }

    private void Write(string status, string reason, string message, DateTimeOffset at, GroupName? group = null)
    {
        var written = new AgentStatus
        {
            Agent = new AgentInfo("0.1.0", null),
            WorkloadGroup = group ?? Group,
            Network = new NetworkStatus(null),
            Gateways = [],
            Ports = [],
            Conditions =
                [new Condition { Type = ConditionType.Registered, Status = status, Reason = reason, Message = message,
                    LastTransitionTime = at }],
            UpdatedAt = at,
        };
        File.WriteAllBytes(_paths.Status, StatusJson.Write(written));
    }
}
