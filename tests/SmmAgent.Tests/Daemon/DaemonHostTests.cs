using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Serilog;
using SmmAgent.Core.Settings;
using SmmAgent.Daemon;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Tests.Daemon;

public sealed class DaemonHostTests
{
    [Fact]
    public void SighupIsTakenBeforeReadyIsSaidBecauseItWouldEndTheProcess()
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
