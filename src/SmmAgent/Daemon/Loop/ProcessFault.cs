using Microsoft.Extensions.Hosting;

namespace SmmAgent.Daemon.Loop;

/// <summary>The first fault of a loop: it ends the process, and becomes the reason for its exit code.</summary>
/// <remarks>A BackgroundService that throws stops the host, but the process would exit with 0 (dotnet/runtime#67146).</remarks>
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
