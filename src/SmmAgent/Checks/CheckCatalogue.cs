namespace SmmAgent.Checks;

/// <summary>Every check, in the order of the report.</summary>
internal static class CheckCatalogue
{
    public static IReadOnlyList<Check> Create() =>
    [
        new OsArchitecture(),
        new OsInit(),
        new OsPackageManager(),
        new OsDistribution(),

        new PackagesRequired(),

        new DashboardSettings(),
        new DashboardConfigured(),
        new DashboardWorkloadGroup(),
        new DashboardTransport(),
        new DashboardName(),
        new DashboardReachable(),
        new DashboardCertificate(),
        new DashboardAnswers(),
        new DashboardToken(),
        new DashboardTokenClaims(),
        new DashboardTokenAccepted(),

        new ControlPlaneStatus(),
        new ControlPlaneMeshExpansion(),

        new HostClock(),
        new HostCertificates(),
    ];
}
