using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;

namespace SmmAgent.Checks.Dashboard;

/// <summary>Checks that agent.yaml is valid and that the daemon may read it and the files it names.</summary>
internal sealed class DashboardSettings() : Check("dashboard-settings", CheckGroup.Dashboard, "Settings")
{
    public override Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        var (path, settings) = (context.Paths.Settings, context.Settings);
        if (settings.UnreadableReason is { } unreadable)
            return One(CheckLine.Skipped(unreadable, AsRoot));
        if (!settings.Exists)
            return One(CheckLine.Skipped($"{path} does not exist yet"));

        IReadOnlyList<CheckLine> lines =
        [
            .. settings.Refusals.Select(refusal => CheckLine.Fail(refusal.Found, refusal.Remediation)),
            .. settings.Faults.Select(fault => CheckLine.Fail($"{path}: {fault}", $"fix it: sudoedit {path}")),
            .. settings.Warnings.Select(warning => CheckLine.Warn($"{path}: {warning}", $"check it: sudoedit {path}")),
        ];
        return lines.Count > 0 ? Task.FromResult(lines) : One(CheckLine.Pass(path));
    }
}
