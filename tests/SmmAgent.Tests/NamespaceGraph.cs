using System.Text.RegularExpressions;

namespace SmmAgent.Tests;

/// <summary>
/// The dependencies between the namespaces of src, read from the sources: a file depends on a namespace that it can see and whose type it
/// names.
/// </summary>
internal sealed partial class NamespaceGraph
{
    private readonly Dictionary<string, SortedDictionary<string, string>> _edges = [];

    public NamespaceGraph(string source)
    {
        var files = Directory.EnumerateFiles(source, "*.cs", SearchOption.AllDirectories)
            .Select(path => (Name: Path.GetFileName(path), Text: File.ReadAllText(path)))
            .Select(file => (file.Name, file.Text, Namespace: NamespacePattern().Match(file.Text).Groups[1].Value))
            .Where(file => file.Namespace.Length > 0)
            .ToList();
        var homes = files
            .SelectMany(file => TypePattern().Matches(file.Text).Select(match => (Type: match.Groups[1].Value, file.Namespace)))
            .ToLookup(declared => declared.Type, declared => declared.Namespace);
        foreach (var file in files)
        {
            var usings = UsingPattern().Matches(file.Text).Select(match => match.Groups[1].Value).ToHashSet();
            var words = WordPattern().Matches(CommentPattern().Replace(file.Text, "")).Select(match => match.Value).Distinct();
            foreach (var target in words.SelectMany(word => homes[word]).Distinct())
            {
                if (target != file.Namespace
                    && (usings.Contains(target) || file.Namespace.StartsWith(target + ".", StringComparison.Ordinal)))
                    From(file.Namespace).TryAdd(target, file.Name);
            }
        }
    }

    /// <summary>All dependencies, each with a file that has it.</summary>
    public IEnumerable<(string From, string To, string File)> Edges =>
        _edges.SelectMany(edge => edge.Value.Select(target => (edge.Key, target.Key, target.Value)));

    /// <summary>The dependencies that are part of a cycle, in lines for a person.</summary>
    public IReadOnlyList<string> Cyclic() =>
        [.. Edges.Where(edge => Reaches(edge.To, edge.From)).Select(edge => $"{edge.From} -> {edge.To} ({edge.File})")
            .Order(StringComparer.Ordinal)];

    private bool Reaches(string from, string to)
    {
        HashSet<string> seen = [from];
        Stack<string> next = new([from]);
        while (next.TryPop(out var current))
        {
            if (current == to)
                return true;
            foreach (var target in _edges.GetValueOrDefault(current, []).Keys.Where(seen.Add))
                next.Push(target);
        }

        return false;
    }

    private SortedDictionary<string, string> From(string name) =>
        _edges.TryGetValue(name, out var targets) ? targets : _edges[name] = new(StringComparer.Ordinal);

    [GeneratedRegex(@"^namespace ([\w.]+)", RegexOptions.Multiline)]
    private static partial Regex NamespacePattern();

    [GeneratedRegex(@"\b(?:class|record struct|record|struct|interface|enum|delegate [\w<>?]+)\s+(\w+)")]
    private static partial Regex TypePattern();

    [GeneratedRegex(@"^using (?:static )?([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex UsingPattern();

    [GeneratedRegex(@"\b[A-Z]\w+\b")]
    private static partial Regex WordPattern();

    [GeneratedRegex("//.*")]
    private static partial Regex CommentPattern();
}
