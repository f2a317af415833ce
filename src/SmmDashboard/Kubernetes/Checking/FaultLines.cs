using SmmDashboard.Kubernetes.Mesh;

namespace SmmDashboard.Kubernetes.Checking;

/// <summary>Creates check lines from the faults that the composition of configurations found.</summary>
internal static class FaultLines
{
    private const string Cure = ". Correct it: ";
    private static readonly string[] Commands = [": kubectl ", ": istioctl "];

    /// <param name="status">Null decides by whether the fault blocks.</param>
    public static ClusterCheckLine Create(ObjectFault fault, ClusterCheckStatus? status = null)
    {
        var (found, cure) = Split(fault);
        return new(status ?? (fault.Blocks ? ClusterCheckStatus.Fail : ClusterCheckStatus.Warn), found, cure) { Subject = fault.Source.ToString() };
    }

    // A message ends with the command that corrects the object.
    private static (string Found, string Cure) Split(ObjectFault fault)
    {
        var at = fault.Message.LastIndexOf(Cure, StringComparison.Ordinal) is >= 0 and var cure
            ? cure
            : Commands.Max(command => fault.Message.LastIndexOf(command, StringComparison.Ordinal));
        return at < 0
            ? (fault.Message, fault.Source.Get())
            : (fault.Message[..at], fault.Message[(fault.Message.IndexOf(": ", at, StringComparison.Ordinal) + 2)..]);
    }
}
