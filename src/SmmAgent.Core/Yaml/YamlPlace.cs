using SmmAgent.Contract.Yaml;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace SmmAgent.Core.Yaml;

/// <summary>The position of a node in the text of agent.yaml.</summary>
/// <param name="Start">The index of its first character.</param>
/// <param name="End">The index after its last character that is not white space.</param>
/// <param name="IsFlow">Whether it is a section or list in braces or brackets.</param>
/// <param name="Members">The members of a section; empty for everything else.</param>
internal sealed record YamlPlace(int Start, int End, bool IsFlow, IReadOnlyList<YamlPlaceMember> Members)
{
    public bool IsEmpty => Start == End;

    public YamlPlaceMember? Find(string key) => Members.FirstOrDefault(member => member.Key == key);

    /// <summary>
    /// Finds the root of a text that <see cref="YamlReader"/> accepts, so that depth is bounded and there are no aliases.
    /// </summary>
    /// <returns>Null if the text has no node.</returns>
    public static YamlPlace? Root(string text)
    {
        var parser = new Parser(new StringReader(text));
        while (parser.MoveNext())
        {
            if (parser.Current is NodeEvent)
                return Node(parser, text);
        }

        return null;
    }

    // Leaves the parser after the node.
    private static YamlPlace Node(Parser parser, string text)
    {
        var current = parser.Current!;
        parser.MoveNext();
        switch (current)
        {
            case MappingStart mapping:
                var members = new List<YamlPlaceMember>();
                while (parser.Current is not (MappingEnd or null))
                {
                    var key = ((parser.Current as Scalar)?.Value ?? "", Node(parser, text));
                    members.Add(new YamlPlaceMember(key.Item1, key.Item2, Node(parser, text)));
                }

                return Collection(parser, text, current, mapping.Style == MappingStyle.Flow, members.LastOrDefault()?.Value.End)
                    with
                { Members = members };
            case SequenceStart sequence:
                YamlPlace? last = null;
                while (parser.Current is not (SequenceEnd or null))
                    last = Node(parser, text);
                return Collection(parser, text, current, sequence.Style == SequenceStyle.Flow, last?.End);
            default:
                return At(text, current.Start, (int)current.End.Index);
        }
    }

    // The parser reports the end of a block collection at the start of the next node, and that of a flow list after a comment behind it.
    private static YamlPlace Collection(Parser parser, string text, ParsingEvent start, bool isFlow, int? lastEnd)
    {
        var end = isFlow && parser.Current is { } closing ? (int)closing.Start.Index + 1 : lastEnd ?? (int)start.Start.Index;
        parser.MoveNext();
        return At(text, start.Start, end) with { IsFlow = isFlow };
    }

    private static YamlPlace At(string text, Mark from, int end)
    {
        var start = Math.Clamp((int)from.Index, 0, text.Length);
        end = Math.Clamp(end, start, text.Length);
        while (end > start && char.IsWhiteSpace(text[end - 1]))
            end--;
        return new YamlPlace(start, end, false, []);
    }
}

internal sealed record YamlPlaceMember(string Key, YamlPlace KeyAt, YamlPlace Value);
