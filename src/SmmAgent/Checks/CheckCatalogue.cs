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
    ];
}
