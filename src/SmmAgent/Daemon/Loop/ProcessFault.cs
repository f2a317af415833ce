using Microsoft.Extensions.Hosting;

namespace SmmAgent.Daemon.Loop;

/// <summary>The first failure of a loop, which ends the process and determines its exit code.</summary>
/// <remarks>An exception in a BackgroundService stops the host, but the process would exit with 0 (dotnet/runtime#67146).</remarks>
public sealed class ProcessFault(IHostApplicationLifetime lifetime)
{
    private (string Loop, Exception Exception)? _first;

    public (string Loop, Exception Exception)? First => _first;

    public void Report(string loop, Exception exception)
    {
        _first ??= (loop, exception);
        lifetime.StopApplication();
    }
}
