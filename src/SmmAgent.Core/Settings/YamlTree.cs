using SmmAgent.Contract;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace SmmAgent.Core.Settings;

/// <summary>Builds a small tree from YAML's parse events.</summary>
/// <remarks>
/// Not YamlStream: that one stops at the first duplicate key, recurses as deep as the document says, and its nodes compare by
/// walking what aliases point to. Here duplicates are kept for the reader to name, depth is bounded, and aliases are refused.
/// </remarks>
internal sealed class YamlTree
{
    private const int MaximumDepth = 8;
    private readonly Parser _parser;
    private readonly Stack<(char Bracket, int Line)?> _open = [];

    private YamlTree(string text) => _parser = new Parser(new StringReader(text));

    /// <summary>Parses one document; an empty text is an empty section.</summary>
    public static (YamlNode? Root, Fault? Fault) Parse(string text)
    {
        var tree = new YamlTree(text);
        try
        {
            return (tree.ReadDocument(), null);
        }
        catch (YamlException exception)
        {
            var line = YamlSyntax.Line(text, exception.Message, (int)exception.Start.Line, (int)exception.End.Line);
            return (null, new Fault("", $"line {line}: is not valid YAML: {FirstLine(exception.Message)}{tree.Inside(line)}"));
        }
        catch (RefusedYamlException exception)
        {
            return (null, new Fault("", exception.Message));
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            // The scanner does that to some texts: a list or a section in brackets without its end, a quote behind a NUL.
            return (null, new Fault("", tree.OpenBracket is var (bracket, line)
                ? $"line {line}: is not valid YAML: {YamlSyntax.NotClosed(bracket)}"
                : "is not valid YAML"));
        }
    }

    private (char Bracket, int Line)? OpenBracket => _open.FirstOrDefault(bracket => bracket is not null);

    private string Inside(int line) =>
        OpenBracket is var (bracket, opened) && opened != line ? $" (inside the '{bracket}' of line {opened}, which may have no end)" : "";

    // After some errors the parser just ends, without an end of what it began.
    private ParsingEvent Current => _parser.Current ?? throw new InvalidOperationException("the document ends too early");

    private YamlNode ReadDocument()
    {
        Take<StreamStart>();
        if (_parser.Current is StreamEnd)
            return YamlNode.Section(1, []);

        Take<DocumentStart>();
        var root = ReadNode(depth: 0);
        Take<DocumentEnd>();
        return _parser.Current is StreamEnd
            ? root
            : throw new RefusedYamlException(Current, "begins a second document; only one is read");
    }

    private YamlNode ReadNode(int depth)
    {
        var current = Current;
        if (depth > MaximumDepth)
            throw new RefusedYamlException(current, $"is nested more than {MaximumDepth} levels deep");
        if (current is AnchorAlias || current is NodeEvent { Anchor.IsEmpty: false })
            throw new RefusedYamlException(current, "uses a YAML anchor or alias (& or *), which is not read here: write the value out");

        var line = (int)current.Start.Line;
        if (current is SequenceStart or MappingStart)
            _open.Push(current is SequenceStart { Style: SequenceStyle.Flow } ? ('[', line) : current is MappingStart { Style: MappingStyle.Flow } ? ('{', line) : null);
        _parser.MoveNext();
        switch (current)
        {
            case Scalar scalar:
                return YamlNode.Scalar(line, scalar.Value, scalar.Style != ScalarStyle.Plain);
            case SequenceStart:
                var items = new List<YamlNode>();
                while (Current is not SequenceEnd)
                    items.Add(ReadNode(depth + 1));
                _open.Pop();
                _parser.MoveNext();
                return YamlNode.List(line, items);
            case MappingStart:
                return ReadSection(line, depth);
            default:
                throw new RefusedYamlException(current, "is not valid YAML");
        }
    }

    private YamlNode ReadSection(int line, int depth)
    {
        var members = new List<YamlMember>();
        while (Current is not MappingEnd)
        {
            var start = Current;
            var key = ReadNode(depth + 1);
            if (key.Kind is YamlKind.List or YamlKind.Section)
                throw new RefusedYamlException(start, "has a list or a section as a key");
            members.Add(new YamlMember(key.Text, key.Line, ReadNode(depth + 1)));
        }

        _open.Pop();
        _parser.MoveNext();
        return YamlNode.Section(line, members);
    }

    private void Take<T>()
        where T : ParsingEvent
    {
        if (_parser.Current is null)
            _parser.MoveNext();
        if (_parser.Current is not T)
            throw new RefusedYamlException(Current, "is not one YAML document");
        _parser.MoveNext();
    }

    private static string FirstLine(string text) => text.Split('\n', 2)[0].TrimEnd('\r', '.');

#pragma warning disable CA1032, CA1064 // it never leaves this file
    private sealed class RefusedYamlException(ParsingEvent at, string reason) : Exception($"line {at.Start.Line}: {reason}");
#pragma warning restore CA1032, CA1064
}
