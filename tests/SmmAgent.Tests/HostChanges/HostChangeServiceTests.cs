using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using SmmAgent.Daemon;
using SmmAgent.Daemon.Loop;
using SmmAgent.Linux.Events;

namespace SmmAgent.Tests.HostChanges;

public sealed class HostChangeServiceTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string _folder = Directory.CreateTempSubdirectory("smm-agent-test-").FullName;
    private readonly IHostApplicationLifetime _lifetime = Substitute.For<IHostApplicationLifetime>();
    private readonly Latest<EventSourcesState> _state = new(EventSourcesState.AllUp);
    private readonly ProcessFault _fault;

    public HostChangeServiceTests() => _fault = new(_lifetime);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task AnEditWakesThoseWhoAskedForSettingsAndNobodyElse()
    {
        Wake settings = new(), both = new(), addresses = new();
        using var service = Service(
            [new FileEvents(HostChange.Settings, Path.Combine(_folder, "agent.yaml"))],
            new(HostChange.Settings, settings), new(HostChange.Settings | HostChange.Addresses, both), new(HostChange.Addresses, addresses));
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
    public async Task AFaultOfTheThreadEndsTheProcess()
    {
        var stopped = new TaskCompletionSource();
        _lifetime.When(lifetime => lifetime.StopApplication()).Do(_ => stopped.SetResult());
        using var source = new FaultySource(_folder);
        using var service = Service([source]);
        await service.StartAsync(Cancel);

        await File.WriteAllTextAsync(Path.Combine(_folder, "any"), "a", Cancel);

        await stopped.Task.WaitAsync(Patience, TimeProvider.System, Cancel);
        Assert.Equal("HostChangeService", _fault.First?.Loop);
        Assert.Equal("a bug", _fault.First?.Exception.Message);
        await service.StopAsync(Cancel);
    }

    private HostChangeService Service(IReadOnlyList<EventSource> sources, params IReadOnlyList<WakeRoute> routes) =>
        new(sources, routes, _state, _fault, NullLogger<HostChangeService>.Instance);

    private sealed class FaultySource(string folder) : EventSource("faulty", HostChange.Settings)
    {
        private readonly FileEvents _files = new(HostChange.Settings, folder);

        public override int Descriptor => _files.Descriptor;

        public override void Open() => _files.Open();

        public override HostChange Drain() => throw new InvalidOperationException("a bug");

        public override void Close() => _files.Close();
    }
}
