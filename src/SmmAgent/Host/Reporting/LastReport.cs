using SmmAgent.Contract;
using SmmAgent.Core.Settings;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.Identity;
using SmmAgent.Linux.State;

namespace SmmAgent.Host.Reporting;

/// <summary>
/// Reports to the dashboard that this VM was detached, so that the dashboard does not show it as silent. A failure is a warning: the VM is
/// detached in any case.
/// </summary>
internal sealed class LastReport(HostContext host)
{
    /// <summary>The plan of <see cref="SendAsync"/> in one line; null for nothing.</summary>
    public string? Plan() =>
        Find() is { Settings.DashboardUrl: { } url } ? $"report the detach to {url.GetLeftPart(UriPartial.Authority)}" : null;

    /// <summary>Sends the report, while no daemon runs and the bearer token still exists.</summary>
    /// <param name="isRemoval">Whether the package of the agent is removed afterwards, so that the command cannot be repeated.</param>
    /// <param name="cancel">Ends it.</param>
    public async Task SendAsync(bool isRemoval, CancellationToken cancel)
    {
        if (Find() is not { } sender || host.Access.OpenDashboard(sender.Settings) is not { } dashboard)
            return;

        using (dashboard)
        {
            var sending = dashboard.PutLastReportAsync(sender.Uuid, sender.Key, Create(), cancel);
            await host.Progress.WhileAsync("reporting the detach to the dashboard", sending, host.Time);
            if ((await sending).Failure is not { } failure)
                host.Progress.Done("reported the detach to the dashboard");
            else
            {
                host.Progress.Warn("could not report the detach to the dashboard, which shows this VM as silent after 15 minutes: "
                    + FailureText.Explain(failure, dashboard.Target).Found
                    + (isRemoval ? "" : "; to report it later: sudo smm-agent detach"));
            }
        }
    }

    // A dashboard that never accepted a report of this agent has nothing to mark.
    private (AgentSettings Settings, Guid Uuid, AgentKey Key)? Find()
    {
        var settings = SettingsFile.TryLoad(host.Paths.Settings).Reading.Readable;
        return AgentIdentity.Load(host.Paths.Identity) is { } identity && identity.Uuid(settings) is var uuid && uuid == identity.Reported
            && !identity.IsForeign(settings) && !IsCopied(identity)
            ? (settings, uuid, identity.Key)
            : null;
    }

    // A copy of a VM must not report for the original.
    private bool IsCopied(AgentIdentity identity) =>
        identity.Machine is { } original && MachineId.Read(host.Paths.Root) is { } machine && machine != original;

    private AgentReport Create()
    {
        var now = host.Time.GetUtcNow();
        return new()
        {
            Host = HostFacts.Read(),
            InterfaceAddresses = [],
            Versions = new(ProgramVersion.Current, null),
            Conditions =
            [
                new()
                {
                    Type = DetachReport.Type,
                    Status = "False",
                    Reason = DetachReport.Reason,
                    Message = "this VM was detached from the mesh; to attach it again: sudo smm-agent reconcile",
                    LastTransitionTime = now,
                },
            ],
            ReportedAt = now,
            Instance = BootInstance.TryLoad(host.Paths.Instance),
            Detached = true,
        };
    }
}
