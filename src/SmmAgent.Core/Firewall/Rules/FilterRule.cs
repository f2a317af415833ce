using SmmAgent.Contract;

namespace SmmAgent.Core.Firewall.Rules;

/// <summary>One option of a rule, for example <c>! --dport 80</c>.</summary>
public readonly record struct RuleOption(string Name, string Value, bool Negated);

/// <summary>One rule as <c>iptables-save</c> shows it.</summary>
/// <param name="Text">All behind <c>-A CHAIN</c>, verbatim: what <c>-D CHAIN</c> needs.</param>
/// <param name="Options">What the packet must be like; names of match modules and the target are not among them.</param>
/// <param name="Target">What happens then; null for a rule that only counts.</param>
public sealed record FilterRule(string Text, IReadOnlyList<RuleOption> Options, string? Target, bool Goto)
{
    /// <summary>What stands in the text where iptables has no words for the rule: its handle, by which nft removes it.</summary>
    public const string HandlePrefix = "handle ";

    public string? Comment => Options.Where(option => option.Name == "--comment").Select(option => option.Value).FirstOrDefault();

    /// <summary>Whether iptables has no words for it: its text is the handle by which nft removes it.</summary>
    public bool IsHandle => Text.StartsWith(HandlePrefix, StringComparison.Ordinal);

    /// <summary>The rule as arguments of a command, without the shell's quotes.</summary>
    public IReadOnlyList<string> Arguments => [.. IptablesTokens.Read(Text).Tokens.Select(token => token.Text)];

    /// <summary>Equal for rules that mean the same, whatever backend or version printed them.</summary>
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
    /// Root gives observed rules back to iptables-restore. It prints a line break in a comment or a name as it is, so that what comes behind it
    /// looks like a rule of its own; and in such a one -M may name a program, which root would run.
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

    // getopt takes --modprobe cut short, and -M behind other letters.
    private static bool NamesModprobe(string token) =>
        token.StartsWith("--mo", StringComparison.Ordinal) || (token is ['-', not '-', ..] && token.Contains('M', StringComparison.Ordinal));

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

    // Null for an option that says nothing, such as a source of all addresses.
    private static string? Normal(string name, string value) => name switch
    {
        "-p" when value is "6" => "tcp",
        "-p" when value is "all" or "0" => null,
        "-s" or "-d" when value.EndsWith("/32", StringComparison.Ordinal) && !value.Contains(':', StringComparison.Ordinal) => value,
        "-s" or "-d" when Cidr.Parse(value) is { } network => network.PrefixLength == 0 ? null : network.ToString(),
        _ => value,
    };

    private static bool IsValue(IptablesToken token) => token.IsQuoted || (token.Text != "!" && !token.Text.StartsWith('-'));

    // Texts that people choose: getopt takes what follows, whatever it is. iptables-save leaves out the quotes where it needs none.
    private static bool TakesAnyValue(string name) =>
        name is "--comment" or "--log-prefix" or "--nflog-prefix" or "--ulog-prefix" or "--string" or "--hex-string" or "--name" or "--hashlimit-name";
}
