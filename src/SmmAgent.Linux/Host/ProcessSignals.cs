using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Host;

/// <summary>How this process, and the processes that it starts from now on, handle signals.</summary>
public static class ProcessSignals
{
    /// <summary>Ignores SIGHUP, which the end of a terminal session sends. Child processes inherit this.</summary>
    public static void IgnoreHangup() => _ = Libc.SetSignalHandler(Libc.SignalHangup, Libc.IgnoreSignal);
}
