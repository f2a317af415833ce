using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using SmmAgent.Daemon.HostChanges;
using SmmAgent.Daemon.Loop;
using SmmAgent.Linux.Events;

namespace SmmAgent.Tests.Daemon.HostChanges;

public sealed class HostChangeServiceTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _folder = Directory.CreateTempSubdirectory("smm-agent-test-").FullName;
    private readonly IHostApplicationLifetime _lifetime = Substitute.For<IHostApplicationLifetime>();
    private readonly ObservableValue<EventSourcesState> _state = new(EventSourcesState.AllUp);
    private readonly ProcessFault _fault;

    public HostChangeServiceTests() => _fault = new(_lifetime);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task EditSignalsOnlyTheServicesThatReadTheSettings()
    {
        Signal settings = new(), both = new(), addresses = new();
        using var service = Service(
            [new FileEvents("file events", HostChange.Settings, Path.Combine(_folder, "agent.yaml"))],
            new(HostChange.Settings, settings), new(HostChange.Settings | HostChange.Addresses, both),
            new(HostChange.Addresses, addresses));
        await service.StartAsync(Cancel);

        await File.WriteAllTextAsync(Path.Combine(_folder, "agent.yaml"), "a", Cancel);

        Assert.True(await settings.WaitAsync(Patience, TimeProvider.System, Cancel));
        Assert.True(await both.WaitAsync(Patience, TimeProvider.System, Cancel));
        await service.StopAsync(Cancel);
        Assert.False(await addresses.WaitAsync(TimeSpan.Zero, TimeProvider.System, Cancel));
    }

    [Fact]
    public async Task ASourceThatCannotStartIsPublishedWithItsReason()
    {
        using var service = Service([new FirewalldEvents($"unix:path={_folder}/no-bus")]);

        await service.StartAsync(Cancel);

        Assert.Equal(HostChange.Firewalld, _state.Value.Blind);
        Assert.Equal($"no system bus at unix:path={_folder}/no-bus: No such file or directory", _state.Value.Down["firewalld events"]);
        await service.StopAsync(Cancel);
    }

    [Fact]
    public async Task SourceWithABugIsDownAndTheOthersContinue()
    {
        Signal settings = new();
        using var source = new FaultySource(_folder);
        using var service = Service(
            [source, new FileEvents("edits", HostChange.Settings, Path.Combine(_folder, "agent.yaml"))],
            new HostChangeRoute(HostChange.Settings, settings));
        await service.StartAsync(Cancel);

        await File.WriteAllTextAsync(Path.Combine(_folder, "any"), "a", Cancel);
        await DownAsync("faulty", "InvalidOperationException: a bug");
        await settings.WaitAsync(TimeSpan.Zero, TimeProvider.System, Cancel);
        await File.WriteAllTextAsync(Path.Combine(_folder, "agent.yaml"), "a", Cancel);

        Assert.True(await settings.WaitAsync(Patience, TimeProvider.System, Cancel));
        Assert.Null(_fault.First);
        await service.StopAsync(Cancel);
    }

    [Fact]
    public async Task SourcesOfOneNameMayAllBeDown()
    {
        using var service = Service([new BrokenSource("one"), new BrokenSource("two"), new BrokenSource("one")]);

        await service.StartAsync(Cancel);

        Assert.Equal(HostChange.Sidecar, _state.Value.Blind);
        Assert.Equal("one; two", _state.Value.Down["broken"]);
        Assert.Null(_fault.First);
        await service.StopAsync(Cancel);
    }

    [Fact]
    public async Task AFaultOfTheThreadEndsTheProcess()
    {
        var stopped = new TaskCompletionSource();
        _lifetime.When(lifetime => lifetime.StopApplication()).Do(_ => stopped.SetResult());
        using var service = new HostChangeService([new BrokenSource("one")], [], _state, _fault, new FaultyLogger());

        await Assert.ThrowsAsync<InvalidOperationException>(() => service.StartAsync(Cancel));

        await stopped.Task.WaitAsync(Patience, TimeProvider.System, Cancel);
        Assert.Equal("HostChangeService", _fault.First?.Loop);
        Assert.Equal("a bug", _fault.First?.Exception.Message);
    }

    private async Task DownAsync(string source, string reason)
    {
        Signal changed = new();
        _state.NotifyOnChange(changed);
        while (_state.Value.Down.GetValueOrDefault(source) != reason)
            Assert.True(await changed.WaitAsync(Patience, TimeProvider.System, Cancel));
    }

    private HostChangeService Service(IReadOnlyList<EventSource> sources, params IReadOnlyList<HostChangeRoute> routes) =>
        new(sources, routes, _state, _fault, NullLogger<HostChangeService>.Instance);

    private sealed class FaultySource(string folder) : EventSource("faulty", HostChange.Settings)
    {
        private readonly FileEvents _files = new("files", HostChange.Settings, folder);

        public override int Descriptor => _files.Descriptor;

        public override void Open() => _files.Open();

        public override HostChange Drain() => throw new InvalidOperationException("a bug");

        public override void Close() => _files.Close();
    }

    private sealed class BrokenSource(string reason) : EventSource("broken", HostChange.Sidecar)
    {
        public override int Descriptor => -1;

        public override void Open() => throw new EventSourceException(reason);

        public override HostChange Drain() => HostChange.None;

        public override void Close()
        {
        }
    }

    private sealed class FaultyLogger : ILogger<HostChangeService>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            throw new InvalidOperationException("a bug");
    }
}
