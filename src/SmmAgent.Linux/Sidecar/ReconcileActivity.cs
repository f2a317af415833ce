using SmmAgent.Linux.Locks;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Linux.Sidecar;

/// <summary>
/// Whether a privileged reconcile runs on this host now, for the daemon or for an operator. Meanwhile, the observed state is transitional.
/// </summary>
/// <param name="openUnits">Connects to systemd; returns null and the reason when that fails.</param>
/// <param name="presence">The file of <see cref="PrivilegedPresence"/>.</param>
public sealed class ReconcileActivity(Func<(IUnits? Units, string? Reason)> openUnits, string presence)
{
    private const string RootUnit = "smm-agent-reconcile.service";

    // This unit starts the other one, and is activating only for a short time.
    private const string RequestUnit = "smm-agent-reconcile-request.service";

    public bool IsAtWork()
    {
        if (PrivilegedPresence.IsShown(presence))
            return true;

        try
        {
            var (units, _) = openUnits();
            using (units)
                return units?.ObserveService(RootUnit) is { IsActive: true } or { Active: "activating" }
                    || units?.ObserveService(RequestUnit) is { Active: "activating" };
        }
        catch (IOException)
        {
            return false;
        }
    }
}
