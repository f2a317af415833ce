using System.Runtime.InteropServices;
using SmmAgent.Linux.Host;

namespace SmmAgent.Host;

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

    /// <summary>Has this process, and what it starts from now on, go on when its session ends.</summary>
    /// <remarks>What has begun to change the host is finished, as by dpkg and apt.</remarks>
    public static void IgnoreHangup()
    {
        ProcessSignals.IgnoreHangup();
    }

    public void Dispose() => _signals.ForEach(signal => signal.Dispose());
}
