using Microsoft.Extensions.Hosting;
using NSubstitute;
using SmmAgent.Core.Settings;
using SmmAgent.Daemon.HostChanges;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Privileged;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Events;

namespace SmmAgent.Tests.Daemon.Privileged;

/// <summary>A daemon that runs as root answers reconcile requests with the same program, in a separate process.</summary>
public sealed class InProcessReconcilerTests : IDisposable
{
    private readonly ObservableValue<EventSourcesState> _events = new(EventSourcesState.AllUp);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-root-");
    private readonly WatchedTime _time = new();
    private readonly RecordingLogger<InProcessReconciler> _log = new();
    private readonly AgentPaths _paths;

    public InProcessReconcilerTests()
    {
        _paths = new AgentPaths(_folder.FullName);
        Directory.CreateDirectory(_paths.RuntimeDirectory);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task NothingIsStartedWithoutARequest()
    {
        using var service = Service("echo");

        Assert.Equal(TimeSpan.FromHours(1), await service.StepAsync(TestContext.Current.CancellationToken));

        Assert.Empty(_log.Lines);
    }

    [Fact]
    public async Task RequestIsDeletedAndAnsweredAndTheNextOneAfterAPause()
    {
        using var service = Service("sh", "-c", "test ! -e \"$2/run/smm-agent/reconcile-request\" && echo \"${0##*/} $*\"");
        Request();

        var step = service.StepAsync(TestContext.Current.CancellationToken);
        var rest = await _time.NextWaitAsync();
        Request();
        Assert.False(step.IsCompleted);
        _time.Advance(rest);

        Assert.Equal((InProcessReconciler.Rest, InProcessReconciler.Rest), (rest, await step));
        Assert.Equal(
            [$"Information: Privileged reconcile, run by this process because it is root: {Path.GetFileName(Environment.ProcessPath)} "
                + $"--root {_folder.FullName} reconcile --host-only"], _log.Lines);
        Assert.True(File.Exists(_paths.ReconcileRequest));
    }

    [Fact]
    public async Task FailureIsLoggedWithTheLastLineOfItsOutput()
    {
        using var service = Service(
            "sh", "-c", "echo '✓ reconciling'; echo '✗ install istio-sidecar 1.15.3: its SHA-256 is another'; exit 1");
        Request();

        var step = service.StepAsync(TestContext.Current.CancellationToken);
        _time.Advance(await _time.NextWaitAsync());
        await step;

        Assert.Equal(
            [
                "Warning: Privileged reconcile, run by this process because it is root: "
                    + "✗ install istio-sidecar 1.15.3: its SHA-256 is another",
            ],
            _log.Lines);
    }

    [Fact]
    public async Task RequestsArePolledWithoutEvents()
    {
        using var service = Service("true");
        Assert.True(await service.StepAsync(TestContext.Current.CancellationToken) > TimeSpan.FromMinutes(10));

        _events.Publish(
            new(new Dictionary<string, string> { ["events of reconcile requests"] = "inotify: Too many open files" },
                HostChange.ReconcileRequest));

        Assert.Equal(InProcessReconciler.Poll, await service.StepAsync(TestContext.Current.CancellationToken));
    }

    private InProcessReconciler Service(params string[] prefix) => new(
        new LoopContext(_time, new LoopProgress(_time), new ProcessFault(Substitute.For<IHostApplicationLifetime>())), _paths, _events,
        new CommandRunner(prefix: prefix), _log);

    private void Request() => File.WriteAllText(_paths.ReconcileRequest, "");
}
