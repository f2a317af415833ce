using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using SmmAgent.Core.Settings;
using SmmAgent.Daemon.Lifetime;
using SmmAgent.Daemon.Status;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Tests.Daemon.Lifetime;

public sealed class DaemonHostTests
{
    [Fact]
    public void CopyOfAMachineIsLoggedInOneLineWithItsEventId()
    {
        var folder = Directory.CreateTempSubdirectory("smm-host-");
        try
        {
            var paths = new AgentPaths(folder.FullName);
            foreach (var name in (string[])["etc", "var/lib/smm-agent", "run/smm-agent"])
                folder.CreateSubdirectory(name);
            var sink = new RecordingSink();
            using var notifier = ServiceNotifier.FromEnvironment(_ => null);
            using var logger = new LoggerConfiguration().WriteTo.Sink(sink).CreateLogger();

            foreach (var machine in (string[])[
                "11111111111111111111111111111111", "11111111111111111111111111111111", "22222222222222222222222222222222"])
            {
                File.WriteAllText(Path.Combine(folder.FullName, "etc/machine-id"), machine);
                DaemonHost.Build(paths, "0.0.0", notifier, logger).Dispose();
            }

            var line = Assert.Single(sink.Events);
            Assert.Equal(LogEventLevel.Warning, line.Level);
            Assert.Contains("Id: 6101", line.Properties["EventId"].ToString(), StringComparison.Ordinal);
            Assert.Matches("^[0-9a-f]{32}$", File.ReadAllText(paths.Instance));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private sealed class RecordingSink : ILogEventSink
    {
        public List<LogEvent> Events { get; } = [];

        public void Emit(LogEvent logEvent) => Events.Add(logEvent);
    }

    [Fact]
    public void SighupIsHandledBeforeReadyIsSentBecauseItWouldEndTheProcess()
    {
        var folder = Directory.CreateTempSubdirectory("smm-host-");
        try
        {
            var paths = new AgentPaths(folder.FullName);
            Directory.CreateDirectory(paths.StateDirectory);
            using var notifier = ServiceNotifier.FromEnvironment(_ => null);
            using var logger = new LoggerConfiguration().CreateLogger();
            using var host = DaemonHost.Build(paths, "0.0.0", notifier, logger);

            var started = host.Services.GetServices<IHostedService>().Select(service => service.GetType()).ToList();

            Assert.InRange(started.IndexOf(typeof(ReloadOnHangup)), 0, started.IndexOf(typeof(StatusService)) - 1);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
