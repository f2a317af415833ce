using SmmDashboard.Kubernetes.Composition;

namespace SmmDashboard.Kubernetes.Checks;

/// <summary>Creates check lines from the faults that the composition of configurations found.</summary>
internal static class FaultLines
{
    private const string Correction = ". Correct it: ";
    private static readonly string[] Commands = [": kubectl ", ": istioctl "];

    /// <param name="status">Null decides by whether the fault blocks.</param>
    public static ClusterCheckLine Create(ObjectFault fault, ClusterCheckStatus? status = null)
    {
        var (found, fix) = Split(fault);
        var ended = status ?? (fault.Blocks ? ClusterCheckStatus.Fail : ClusterCheckStatus.Warn);
        return new(ended, found, fix) { Subject = fault.Source.ToString() };
    }

    // A message ends with the command that corrects the object.
    private static (string Found, string Fix) Split(ObjectFault fault)
    {
        var at = fault.Message.LastIndexOf(Correction, StringComparison.Ordinal) is >= 0 and var correction
            ? correction
            : Commands.Max(command => fault.Message.LastIndexOf(command, StringComparison.Ordinal));
        return at < 0
            ? (fault.Message, fault.Source.Get())
            : (fault.Message[..at], fault.Message[(fault.Message.IndexOf(": ", at, StringComparison.Ordinal) + 2)..]);
    }
}
