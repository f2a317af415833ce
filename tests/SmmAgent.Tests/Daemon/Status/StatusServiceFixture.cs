using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Status;
using SmmAgent.Daemon.Loop;
using SmmAgent.Daemon.Status;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Tests.Daemon.Status;

/// <summary>The status service with a socket in the place of systemd and a clock that only the test moves.</summary>
public abstract class StatusServiceFixture : IDisposable
{
    private protected readonly string _directory = Directory.CreateTempSubdirectory("smm-status-").FullName;
    private protected readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
    private protected readonly RecordingLogger<StatusService> _log = new();
    private protected readonly AgentStates _states = new();
    private protected readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);
    private protected readonly Socket _manager = new(AddressFamily.Unix, SocketType.Dgram,
        ProtocolType.Unspecified)
    { ReceiveTimeout = 10_000 };
    private protected readonly LoopContext _context;
    private protected readonly AgentPaths _paths;
    private protected readonly ServiceNotifier _notifier;
    private protected readonly StatusService _service;

    private protected StatusServiceFixture()
    {
        var socket = Path.Combine(_directory, "notify");
        _manager.Bind(new UnixDomainSocketEndPoint(socket));
        _paths = new AgentPaths(_directory);
        _notifier = new ServiceNotifier(socket, TimeSpan.FromSeconds(30));
        _context = new LoopContext(_time, new LoopProgress(_time), new ProcessFault(_lifetime));
        _service = new StatusService(_context, _states, new StatusIdentity("0.1.0", _paths.Status, () => null), _notifier, _log);
    }

    public void Dispose()
    {
        _service.Dispose();
        _notifier.Dispose();
        _manager.Dispose();
        Directory.Delete(_directory, recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected Task<TimeSpan> Step() => _service.StepAsync(TestContext.Current.CancellationToken);

    private protected void Configure() => _states.Settings.Publish(SettingsState.Empty with
    {
        Settings = new AgentSettings
        {
            DashboardUrl = new Uri("https://smm.example.com"), Namespace = "vm-integration",
            Name = "analytics-v0"
        },
    });

    private protected AgentStatus Written() => StatusJson.Read(File.ReadAllBytes(_paths.Status))!;

    private protected static string Mode(string path) => "0" + Convert.ToString((int)File.GetUnixFileMode(path), 8);

    private protected string Receive()
    {
        var buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, _manager.Receive(buffer));
    }

    private protected List<string> Received()
    {
        var messages = new List<string>();
        while (_manager.Poll(TimeSpan.Zero, SelectMode.SelectRead))
            messages.Add(Receive());
        return messages;
    }
}
