using System.Collections.Frozen;

namespace SmmDashboard.Admin.Pages;

/// <summary>The static files of the pages, which are built into the program.</summary>
internal static class Assets
{
    private static readonly FrozenDictionary<string, (string Type, byte[] Content)> Files = new (string Name, string Type)[]
    {
        ("style.css", "text/css; charset=utf-8"), ("live.js", "text/javascript; charset=utf-8"), ("icon.svg", "image/svg+xml"),
    }.ToFrozenDictionary(file => file.Name, file => (file.Type, Load(file.Name)), StringComparer.Ordinal);

    public static (string Type, byte[] Content)? Find(string name) => Files.TryGetValue(name, out var file) ? file : null;

    private static byte[] Load(string name)
    {
        using var stream = typeof(Assets).Assembly.GetManifestResourceStream($"assets/{name}")
            ?? throw new InvalidOperationException($"assets/{name} is not in the program");
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
