using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;

namespace SmmAgent.Checks.Dashboard;

/// <summary>Checks that agent.yaml is valid and that the daemon may read it and the files it names.</summary>
internal sealed class DashboardSettings() : Check("dashboard-settings", CheckGroup.Dashboard, "Settings")
{
    public override Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        var (path, look) = (context.Paths.Settings, context.Settings);
        if (look.UnreadableReason is { } unseen)
            return One(CheckLine.Skipped(unseen, AsRoot));
        if (!look.Exists)
            return One(CheckLine.Skipped($"{path} does not exist yet"));

        IReadOnlyList<CheckLine> lines =
        [
            .. look.Refusals.Select(refusal => CheckLine.Fail(refusal.Found, refusal.Remediation)),
            .. look.Faults.Select(fault => CheckLine.Fail($"{path}: {fault}", $"fix it: sudoedit {path}")),
            .. look.Warnings.Select(warning => CheckLine.Warn($"{path}: {warning}", $"check it: sudoedit {path}")),
        ];
        return lines.Count > 0 ? Task.FromResult(lines) : One(CheckLine.Pass(path));
    }
}
