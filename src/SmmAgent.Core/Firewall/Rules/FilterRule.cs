using SmmAgent.Contract;

namespace SmmAgent.Core.Firewall.Rules;

/// <summary>One option of a rule, for example <c>! --dport 80</c>.</summary>
public readonly record struct RuleOption(string Name, string Value, bool Negated);

/// <summary>One rule as <c>iptables-save</c> shows it.</summary>
/// <param name="Text">The text after <c>-A CHAIN</c>, verbatim, as <c>-D CHAIN</c> needs it.</param>
/// <param name="Options">The conditions of a packet, without the names of match modules and the target.</param>
/// <param name="Target">The action; null for a rule that only counts.</param>
public sealed record FilterRule(string Text, IReadOnlyList<RuleOption> Options, string? Target, bool Goto)
{
    /// <summary>The prefix of the text where iptables cannot express the rule: its handle, by which nft removes it.</summary>
    public const string HandlePrefix = "handle ";

    public string? Comment => Options.Where(option => option.Name == "--comment").Select(option => option.Value).FirstOrDefault();

    /// <summary>Whether iptables cannot express the rule: its text is the handle by which nft removes it.</summary>
    public bool IsHandle => Text.StartsWith(HandlePrefix, StringComparison.Ordinal);

    /// <summary>The rule as arguments of a command, without the shell's quotes.</summary>
    public IReadOnlyList<string> Arguments => IptablesTokens.Read(Text).Tokens.Select(token => token.Text).ToArray();

    /// <summary>Equal for rules of the same meaning, from any backend or version.</summary>
    public string Canonical => string.Join(
        ' ',
        Options.Select(option => $"{(option.Negated ? "! " : "")}{option.Name} \"{option.Value}\"").Order(StringComparer.Ordinal)
            .Append(Goto ? "-g" : "-j").Append(Target));

    public override string ToString() => Text;

    public static FilterRule Parse(string text) => Read(text, IptablesTokens.Read(text).Tokens, 0);

    /// <param name="tokens">Of the line that ends with the text.</param>
    /// <param name="from">The first token of the text.</param>
    /// <param name="options">A list to work with, for a reader of many rules.</param>
    internal static FilterRule Read(string text, IReadOnlyList<IptablesToken> tokens, int from, List<RuleOption>? options = null)
    {
        options ??= [];
        options.Clear();
        string? target = null;
        var isGoto = false;
        for (var at = from; at < tokens.Count && target is null; at++)
        {
            var negated = tokens[at] is { Text: "!", IsQuoted: false } && at + 1 < tokens.Count;
            var name = LongToShort(tokens[negated ? ++at : at].Text);
            var first = at + 1;
            var takesAnything = TakesAnyValue(name);
            while (at + 1 < tokens.Count && (takesAnything || IsValue(tokens[at + 1])))
            {
                takesAnything = false;
                at++;
            }

            var value = first > at ? "" : first == at ? tokens[at].Text : string.Join(' ', Texts(tokens, first, at));

            if (name is "-j" or "-g")
                (target, isGoto) = (value, name == "-g");
            else if (name != "-m" && Normal(name, value) is { } normal)
                options.Add(new(name, normal, negated));
        }

        return new(text, options.Count == 0 ? [] : options.ToArray(), target, isGoto);
    }

    private static IEnumerable<string> Texts(IReadOnlyList<IptablesToken> tokens, int first, int last)
    {
        for (var at = first; at <= last; at++)
            yield return tokens[at].Text;
    }

    /// <summary>Whether iptables-save may have printed the text as one rule.</summary>
    /// <remarks>
    /// Root passes observed rules to iptables-restore. iptables-save prints a line break in a comment or a name as it is, so that the text
    /// after it resembles a rule of its own; there -M may name a program, which root would run.
    /// </remarks>
    internal static bool IsSingleRule(IReadOnlyList<IptablesToken> tokens, int from, bool isClosed)
    {
        for (var at = from; at < tokens.Count; at++)
        {
            if (TakesAnyValue(tokens[at].Text))
                at++;
            else if (NamesModprobe(tokens[at].Text))
                return false;
        }

        return isClosed;
    }

    // getopt accepts --modprobe cut short, and -M after other letters.
    private static bool NamesModprobe(string token) =>
        token.StartsWith("--mo", StringComparison.Ordinal)
        || (token is ['-', not '-', ..] && token.Contains('M', StringComparison.Ordinal));

    private static string LongToShort(string name) => name switch
    {
        "--protocol" => "-p",
        "--source" or "--src" => "-s",
        "--destination" or "--dst" => "-d",
        "--destination-port" => "--dport",
        "--in-interface" => "-i",
        "--match" => "-m",
        "--jump" => "-j",
        "--goto" => "-g",
        _ => name,
    };

    // Null for an option without an effect, such as a source of all addresses.
    private static string? Normal(string name, string value) => name switch
    {
        "-p" when value is "6" => "tcp",
        "-p" when value is "all" or "0" => null,
        "-s" or "-d" when value.EndsWith("/32", StringComparison.Ordinal) && !value.Contains(':', StringComparison.Ordinal) => value,
        "-s" or "-d" when Cidr.Parse(value) is { } network => network.PrefixLength == 0 ? null : network.ToString(),
        _ => value,
    };

    private static bool IsValue(IptablesToken token) => token.IsQuoted || (token.Text != "!" && !token.Text.StartsWith('-'));

    // The values are free text: getopt accepts anything. iptables-save omits the quotes where it does not need them.
    private static bool TakesAnyValue(string name) =>
        name is "--comment" or "--log-prefix" or "--nflog-prefix" or "--ulog-prefix" or "--string"
            or "--hex-string" or "--name" or "--hashlimit-name";
}
