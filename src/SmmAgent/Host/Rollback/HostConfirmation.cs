using SmmAgent.Linux.Systemd;

namespace SmmAgent.Host.Rollback;

/// <summary>Ends the wait for a confirmation: <c>smm-agent confirm</c> keeps the changes, <c>smm-agent rollback</c> undoes them.</summary>
internal sealed class HostConfirmation(HostContext host)
{
    /// <returns>An exit code.</returns>
    public Task<int> ConfirmAsync(CancellationToken cancel) => RunAsync(
        "confirm",
        async systemd =>
        {
            if (!await new HostRollback(host, systemd).ConfirmAsync(cancel))
                return false;

            new AgentUnits(systemd, host.Progress, host.Time).Enable();
            return true;
        },
        "confirmed: the changes stay");

    /// <returns>An exit code.</returns>
    public Task<int> RollBackAsync(CancellationToken cancel)
    {
        host.Access.IgnoreHangup();
        return RunAsync(
            "rollback",
            systemd => new HostRollback(host, systemd).RunAsync(cancel),
            "the unconfirmed changes were rolled back");
    }

    /// <param name="act">Returns whether it succeeded; a failure is printed.</param>
    /// <param name="done">The line of a success.</param>
    private async Task<int> RunAsync(string command, Func<IUnits, Task<bool>> act, string done)
    {
        if (!host.IsPrivileged)
        {
            host.Progress.Failed($"{command} changes the host: sudo smm-agent {command}");
            return ExitCode.NotPermitted;
        }

        if (host.Units is not { } systemd)
        {
            host.Progress.Failed($"{command} needs systemd, which waits for the confirmation of a reconcile: {host.NoUnitsReason}");
            return ExitCode.Failed;
        }

        if (!await act(systemd))
            return ExitCode.Failed;

        host.Progress.Done(done);
        return ExitCode.Done;
    }
}
