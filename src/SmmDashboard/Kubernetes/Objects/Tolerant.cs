namespace SmmDashboard.Kubernetes.Objects;

/// <summary>Takes nulls out of what was read: JSON may have them where the API's schema has none.</summary>
internal static class Tolerant
{
    public static readonly IReadOnlyDictionary<string, string> Empty = new Dictionary<string, string>();

    public static IReadOnlyList<T> List<T>(IReadOnlyList<T>? items)
        where T : class => items is null ? [] : items.Contains(null!) ? [.. items.OfType<T>()] : items;

    public static IReadOnlyDictionary<string, string> Map(IReadOnlyDictionary<string, string>? map) =>
        map is null ? Empty : map.Values.Contains(null!) ? map.Where(pair => pair.Value is not null).ToDictionary() : map;
}
