using System.Security.Cryptography;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using NSubstitute;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Settings;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Mesh;
using SmmAgent.Daemon.Privileged;
using SmmAgent.Daemon.Report;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.State;

namespace SmmAgent.Tests.Daemon;

/// <summary>The shared objects of the services of a daemon in a temporary folder, with a dashboard on loopback.</summary>
internal sealed class AgentUnderTest : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-daemon");

    public AgentUnderTest()
    {
        Paths = new AgentPaths(_folder.FullName);
        Directory.CreateDirectory(Paths.ConfigDirectory);
        Directory.CreateDirectory(Paths.StateDirectory);
        Directory.CreateDirectory(Paths.RuntimeDirectory);
        BecomeAnotherMachine();
        AtomicFile.Write(Paths.BearerToken, "secret-token", AtomicFile.Private);
        Settings = new(new SettingsState(Good(Server.Url), [], []));
        Context = new LoopContext(Time, new LoopProgress(Time), new ProcessFault(Substitute.For<IHostApplicationLifetime>()));
        Tokens = BearerTokenFile.From(Paths, Time);
        Clients = new DashboardClients(Tokens, "1.2.3", Time);
    }

    public AgentPaths Paths { get; }

    public RawServer Server { get; } = new(address: Loopback.Next());

    public WatchedTime Time { get; } = new();

    public LoopContext Context { get; }

    public ObservableValue<SettingsState> Settings { get; }

    public ObservableValue<MeshConfigState> MeshConfig { get; } = new(MeshConfigState.Initial);

    public EventCounters Counters { get; } = new();

    public BearerTokenFile Tokens { get; }

    public DashboardClients Clients { get; }

    public static AgentSettings Good(Uri url) =>
        new() { DashboardUrl = url, AllowPlaintext = true, Namespace = Sample.Namespace, Name = Sample.Name };

    public CurrentIdentity Identity() => new(
        Paths, RandomNumberGenerator.Fill, new ReconcileRequest(Paths.ReconcileRequest, Time, NullLogger<ReconcileRequest>.Instance),
        NullLogger<CurrentIdentity>.Instance);

    /// <summary>Replaces /etc/machine-id, as on a copy of a machine.</summary>
    public void BecomeAnotherMachine()
    {
        Directory.CreateDirectory(Path.Combine(Paths.Root, "etc"));
        File.WriteAllText(Path.Combine(Paths.Root, "etc/machine-id"), $"{Guid.NewGuid():N}\n");
    }

    public MeshConfigService MeshConfigService() => new(
        Context,
        new AgentStates { Settings = Settings, Mesh = MeshConfig, Counters = Counters },
        Clients,
        new LastGoodMeshConfig(Paths.LastGoodMeshConfig),
        new DashboardRetry(Time, () => 0.5), NullLogger<MeshConfigService>.Instance);

    public async ValueTask DisposeAsync()
    {
        Clients.Dispose();
        await Server.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}
