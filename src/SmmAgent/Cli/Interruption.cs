using System.Runtime.InteropServices;

namespace SmmAgent.Cli;

/// <summary>What is still done when Ctrl+C, kill or the end of the terminal ends this process.</summary>
internal sealed class Interruption(Action act) : IDisposable
{
    private readonly List<PosixSignalRegistration> _signals =
        [.. ((PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT]).Select(signal => PosixSignalRegistration.Create(signal, _ => act()))];

    public void Dispose() => _signals.ForEach(signal => signal.Dispose());
}
