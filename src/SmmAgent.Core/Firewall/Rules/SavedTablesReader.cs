using System.Buffers;

namespace SmmAgent.Core.Firewall.Rules;

/// <summary>
/// Reads the output of <c>iptables-save</c> as a stream: with 20,000 rules neither the whole text nor a copy of each line is kept.
/// </summary>
public sealed class SavedTablesReader
{
    private const string Remark = "# Table `";

    private static readonly string[] Policies = ["-", "ACCEPT", "DROP", "QUEUE", "RETURN"];

    private readonly Dictionary<string, FilterTable?> _tables = new(StringComparer.Ordinal);
    private readonly HashSet<string> _hidden = [];
    private readonly HashSet<string> _partial = [];
    private readonly ArrayBufferWriter<char> _begun = new();
    private readonly List<IptablesToken> _tokens = [];
    private readonly List<RuleOption> _options = [];
    private Dictionary<string, (string? Policy, List<FilterRule> Rules)>? _chains;
    private string _table = "";

    /// <param name="part">The next part of the text, cut anywhere.</param>
    public void Read(ReadOnlySpan<char> part)
    {
        while (part.IndexOf('\n') is var end and >= 0)
        {
            if (_begun.WrittenCount == 0)
            {
                ReadLine(part[..end]);
            }
            else
            {
                _begun.Write(part[..end]);
                ReadLine(_begun.WrittenSpan);
                _begun.ResetWrittenCount();
            }

            part = part[(end + 1)..];
        }

        _begun.Write(part);
    }

    /// <returns>Null when the text ends within a table.</returns>
    public SavedTables? End()
    {
        ReadLine(_begun.WrittenSpan);
        _begun.ResetWrittenCount();
        return _table.Length > 0 ? null : new(_tables, _hidden, _partial);
    }

    private void ReadLine(ReadOnlySpan<char> line)
    {
        line = line.TrimEnd('\r');
        if (line.IsEmpty)
            return;

        if (line[0] == '#')
        {
            if (Incompatible(line) is { } name)
                (line.Contains("base-chain", StringComparison.Ordinal) ? _partial : _hidden).Add(name);
        }
        else if (line[0] == '*')
        {
            (_table, _chains) = (line[1..].Trim().ToString(), new(StringComparer.Ordinal));
        }
        else if (line.TrimEnd() is "COMMIT")
        {
            // A second table of that name is a text that resembles a table.
            _tables[_table] = _chains is null || _tables.ContainsKey(_table) ? null : Table(_chains);
            (_table, _chains) = ("", null);
        }
        else if (_chains is not null && !AddLine(_chains, line))
        {
            _tables[_table] = null;
        }
    }

    private static FilterTable Table(Dictionary<string, (string? Policy, List<FilterRule> Rules)> chains) => new(
        chains.ToDictionary(
            chain => chain.Key,
            chain => new FilterChain(chain.Key, chain.Value.Policy, chain.Value.Rules),
            StringComparer.Ordinal));

    // # Table `filter' is incompatible, use 'nft' tool.
    // # Table `filter' contains incompatible base-chains, use 'nft' tool to list them.
    private static string? Incompatible(ReadOnlySpan<char> line) =>
        line.StartsWith(Remark, StringComparison.Ordinal) && line.IndexOf('\'') is var end && end > Remark.Length
            && line.Contains("incompatible", StringComparison.Ordinal)
            ? line[Remark.Length..end].ToString()
            : null;

    private bool AddLine(Dictionary<string, (string? Policy, List<FilterRule> Rules)> chains, ReadOnlySpan<char> line)
    {
        if (line[0] == ':')
        {
            var words = line[1..].ToString().Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length is < 2 or > 3 || !Policies.Contains(words[1]))
                return false;
            chains[words[0]] = (words[1] == "-" ? null : words[1], []);
            return true;
        }

        // With -c there are counters before the rule.
        var rule = line[0] == '[' ? line[(line.IndexOf(']') + 1)..].TrimStart() : line;
        var isClosed = IptablesTokens.Read(rule, _tokens);
        if (_tokens is not [{ Text: "-A" }, var name, ..] || !chains.TryGetValue(name.Text, out var chain))
            return false;
        if (!FilterRule.IsSingleRule(_tokens, 2, isClosed))
            return false;

        chain.Rules.Add(FilterRule.Read(_tokens.Count > 2 ? rule[_tokens[2].Start..].ToString() : "", _tokens, 2, _options));
        return true;
    }
}
