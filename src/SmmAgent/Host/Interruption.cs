using System.Runtime.InteropServices;
using SmmAgent.Linux.Host;

namespace SmmAgent.Host;

/// <summary>Runs an action when Ctrl+C, kill or the end of the session interrupts this process.</summary>
/// <param name="endsProcess">Whether the signal then ends the process; otherwise the action must end it.</param>
internal sealed class Interruption(Action act, bool endsProcess = true) : IDisposable
{
    private readonly List<PosixSignalRegistration> _signals =
        ((PosixSignal[])[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP, PosixSignal.SIGQUIT]).Select(
            signal => PosixSignalRegistration.Create(
            signal,
            context =>
            {
                context.Cancel = !endsProcess;
                act();
            })).ToList();

    /// <summary>Keeps this process, and the processes that it starts from now on, running when the session ends.</summary>
    /// <remarks>A change of the host that has begun is completed, as dpkg and apt do.</remarks>
    public static void IgnoreHangup() => ProcessSignals.IgnoreHangup();

    public void Dispose() => _signals.ForEach(signal => signal.Dispose());
}
