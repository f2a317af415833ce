using SmmAgent.Contract.Signing;

namespace SmmAgent.Core.Packages;

/// <summary>The keys that this agent was built with: packaging/package-keys.</summary>
public static class BuiltInKeys
{
    private const string Resource = "package-keys";

    public static IReadOnlyList<PackageKey> All { get; } = ReadResource();

    /// <exception cref="InvalidDataException">A line is neither a key nor a comment.</exception>
    internal static IReadOnlyList<PackageKey> Read(string text) =>
        text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => PackageKey.TryParse(line, out var key,
                out var reason) ? key : throw new InvalidDataException($"{Resource}: {reason}")).ToArray();

    private static IReadOnlyList<PackageKey> ReadResource()
    {
        using var stream = typeof(BuiltInKeys).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"the resource {Resource} is missing");
        using var reader = new StreamReader(stream);
        return Read(reader.ReadToEnd());
    }
}
