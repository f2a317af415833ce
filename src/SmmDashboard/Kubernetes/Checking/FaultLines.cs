using SmmDashboard.Kubernetes.Mesh;

namespace SmmDashboard.Kubernetes.Checking;

/// <summary>Lines out of what the composition of configurations found wrong.</summary>
internal static class FaultLines
{
    private static readonly string[] Commands = [": kubectl ", ": istioctl ", ". Correct it: "];

    /// <param name="status">Null decides by whether the fault blocks.</param>
    public static CheckLine Of(ObjectFault fault, CheckStatus? status = null)
    {
        var (found, cure) = Split(fault);
        return new(status ?? (fault.Blocks ? CheckStatus.Fail : CheckStatus.Warn), found, cure) { Subject = fault.Source.ToString() };
    }

    // A message ends with the command that corrects the object.
    private static (string Found, string Cure) Split(ObjectFault fault)
    {
        var at = Commands.Max(command => fault.Message.LastIndexOf(command, StringComparison.Ordinal));
        return at < 0
            ? (fault.Message, fault.Source.Get())
            : (fault.Message[..at], fault.Message[(fault.Message.IndexOf(": ", at, StringComparison.Ordinal) + 2)..]);
    }
}
