using SmmAgent.Linux.Locks;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Linux.Sidecar;

/// <summary>
/// Whether root is at work on this host just now, for the daemon's request or for an operator's: then what is there is neither what was nor
/// what will be.
/// </summary>
/// <param name="openUnits">The way to systemd; or null and why there is none.</param>
/// <param name="presence">The file of <see cref="PrivilegedPresence"/>.</param>
public sealed class ReconcileActivity(Func<(IUnits? Units, string? Why)> openUnits, string presence)
{
    private const string RootUnit = "smm-agent-reconcile.service";

    // It starts the other, and rests after that.
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
