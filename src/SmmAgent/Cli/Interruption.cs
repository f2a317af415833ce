using System.Runtime.InteropServices;

namespace SmmAgent.Cli;

/// <summary>What is still done when Ctrl+C, kill or the end of the terminal ends this process.</summary>
/// <param name="endsProcess">Whether the process ends at once then; else what was done makes it end.</param>
internal sealed class Interruption(Action act, bool endsProcess = true) : IDisposable
{
    private readonly List<PosixSignalRegistration> _signals =
    [
        .. ((PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT]).Select(signal => PosixSignalRegistration.Create(
            signal,
            context =>
            {
                context.Cancel = !endsProcess;
                act();
            })),
    ];

    public void Dispose() => _signals.ForEach(signal => signal.Dispose());
}
