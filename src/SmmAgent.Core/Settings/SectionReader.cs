using System.Globalization;
using SmmAgent.Contract;
using SmmAgent.Contract.Yaml;

namespace SmmAgent.Core.Settings;

/// <summary>Reads the keys of one section of agent.yaml and collects every fault and warning, each with its line.</summary>
internal sealed class SectionReader
{
    private static readonly Dictionary<string, string> Booleans = new(StringComparer.Ordinal)
    {
        ["true"] = "on",
        ["yes"] = "on",
        ["false"] = "off",
        ["no"] = "off",
    };

    private readonly string _path;
    private readonly Findings _findings;
    private readonly Dictionary<string, YamlNode> _values = new(StringComparer.Ordinal);

    public SectionReader(YamlNode section, string path, Findings findings)
    {
        (_path, _findings) = (path, findings);
        if (section.Kind is not (YamlKind.Section or YamlKind.Empty))
        {
            findings.Refuse(path, section.Line, $"is not a section of keys and values{ModeHint(path, section)}");
            return;
        }

        foreach (var member in section.Members)
        {
            if (!SettingsKeys.IsKnown(path, member.Key))
                findings.Warn(At(member.Key), member.Line, SettingsKeys.Unknown(path, member.Key));
            else if (!_values.TryAdd(member.Key, member.Value))
                findings.Refuse(At(member.Key), member.Line, $"is there twice; the first is in line {_values[member.Key].Line}");
        }
    }

    public SectionReader Section(string key) => new(Find(key) ?? YamlNode.Section(0, []), At(key), _findings);

    /// <summary>A scalar that a rule accepts; the rule returns null, or the reason of a refusal.</summary>
    public string? Text(string key, Func<string, string?> rule) => Find(key) is { } node ? Scalar(node, At(key), rule) : null;

    public bool Flag(string key)
    {
        if (Find(key) is not { } node)
            return false;
        if (node is { Kind: YamlKind.Text, Quoted: false, Text: "true" or "false" })
            return node.Text == "true";

        Refuse(key, $"{Shown(node)} is neither true nor false");
        return false;
    }

    /// <summary>One of a few words.</summary>
    public T Word<T>(string key, T fallback, IReadOnlyDictionary<string, T> words)
    {
        if (Find(key) is not { } node)
            return fallback;
        // Plain YAML 1.1 readers take 'off' for false; here it is the word.
        if (node.Kind == YamlKind.Text && words.TryGetValue(node.Text, out var word))
            return word;

        // Tools that write YAML turn on and off into these words.
        if (node is { Kind: YamlKind.Text, Quoted: false } && Booleans.TryGetValue(node.Text, out var meant)
            && words.TryGetValue(meant, out word))
            return word;

        Refuse(key, $"{Shown(node)} is not one of {string.Join(", ", words.Keys)}");
        return fallback;
    }

    /// <summary>A list of scalars; null when there is no such key.</summary>
    /// <param name="takesOne">Whether one scalar is a list of one.</param>
    public IReadOnlyList<string>? Texts(string key, int atMost, Func<string, string?> rule, bool takesOne = false)
    {
        if (Find(key) is not { } node)
            return null;
        if (takesOne && node.Kind == YamlKind.Text)
            return Scalar(node, At(key), rule) is { } one ? [one] : [];
        if (node.Kind != YamlKind.List)
        {
            Refuse(key, $"{Shown(node)} is not a list, for example [a, b]");
            return null;
        }

        if (node.Items.Count > atMost)
            Refuse(key, $"has {node.Items.Count} items, at most {atMost} are allowed");
        return node.Items.Take(atMost).Select((item, i) => Scalar(item, $"{At(key)}[{i}]", rule)).OfType<string>().ToArray();
    }

    public IReadOnlyList<int>? Ports(string key, int atMost) =>
        Texts(key, atMost, text => Port(text) is { } port
                ? NameRules.Port(port)
                : $"'{NameRules.Shown(text)}' is not a TCP port (1-65535)")
            ?.Select(text => (int)(Port(text) ?? 0)).Distinct().ToList();

    public void Refuse(string key, string reason) => _findings.Refuse(At(key), Find(key)?.Line ?? 0, reason);

    public void Warn(string key, string reason) => _findings.Warn(At(key), Find(key)?.Line ?? 0, reason);

    private static long? Port(string text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) ? port : null;

    private static string Shown(YamlNode node) => node.Kind switch
    {
        YamlKind.List => "a list",
        YamlKind.Section => "a section",
        _ => $"'{NameRules.Shown(node.Text)}'",
    };

    // sidecar: off is a likely mistake for sidecar: {mode: off}.
    private static string ModeHint(string path, YamlNode section) =>
        path.Length == 0 || section.Kind != YamlKind.Text || !SettingsKeys.IsKnown(path, "mode") ? ""
        : section.Text is "manage" or "check" ? $"; write: {path}: {{mode: {section.Text}}}"
        : section.Text is "off" or "false" or "no" ? $"; write: {path}: {{mode: off}}"
        : section.Text is "on" or "true" or "yes" ? $"; write: {path}: {{mode: manage}}"
        : "";

    private YamlNode? Find(string key) => _values.TryGetValue(key, out var node) && node.Kind != YamlKind.Empty ? node : null;

    private string? Scalar(YamlNode node, string at, Func<string, string?> rule)
    {
        var reason = node.Kind != YamlKind.Text ? $"{Shown(node)} is not a single value" : rule(node.Text);
        if (reason is null)
            return node.Text;

        _findings.Refuse(at, node.Line, reason);
        return null;
    }

    private string At(string key)
    {
        var shown = NameRules.Shown(key);
        return _path.Length == 0 ? shown : $"{_path}.{shown}";
    }

    /// <summary>The errors and warnings found so far.</summary>
    internal sealed class Findings
    {
        public List<InputError> Errors { get; } = [];

        public List<InputError> Warnings { get; } = [];

        public void Refuse(string path, int line, string reason) => Errors.Add(At(path, line, reason));

        public void Warn(string path, int line, string reason) => Warnings.Add(At(path, line, reason));

        private static InputError At(string path, int line, string reason) => new(path, line > 0 ? $"line {line}: {reason}" : reason);
    }
}
