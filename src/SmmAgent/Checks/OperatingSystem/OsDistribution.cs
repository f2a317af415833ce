using SmmAgent.Checks.Observations;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Host;

namespace SmmAgent.Checks.OperatingSystem;

/// <summary>Checks for a verified distribution; others should work.</summary>
internal sealed class OsDistribution() : Check("os-distribution", CheckGroup.OperatingSystem, "Distribution")
{
    public override Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        var (release, system) = (context.System.Release, context.System);
        var isLike = system is { Packages.Format: not null, BootedWithSystemd: true };
        return One(release.IsVerified
            ? CheckLine.Pass($"{release.PrettyName}, verified")
            : CheckLine.Warn(
                isLike ? $"{release.PrettyName} should work, but is not verified" : $"{release.PrettyName} is not verified",
                $"if possible, use a verified distribution: {OsRelease.VerifiedSystems}"));
    }
}
