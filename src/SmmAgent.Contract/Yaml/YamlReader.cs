using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace SmmAgent.Contract.Yaml;

/// <summary>The limits of a YAML document.</summary>
/// <param name="Characters">The maximum number of characters.</param>
/// <param name="Depth">The maximum number of levels below the root.</param>
/// <param name="Nodes">The maximum number of keys and values.</param>
public sealed record YamlLimits(int Characters, int Depth, int Nodes)
{
    /// <summary>For agent.yaml, an annotation, a token's document: 256 Ki characters, 8 levels.</summary>
    public static YamlLimits Agent { get; } = new(256 * 1024, 8, 50_000);
}

/// <summary>The only reader of YAML. It builds a small tree from parse events, within limits.</summary>
/// <remarks>
/// Anchors, aliases, tags and keys that are not scalars are refused, so time and memory are linear in the length of the text.
/// YamlStream is not used, because it recurses as deep as the document is nested, and compares nodes by following aliases.
/// Duplicate keys are kept, so that the caller can name both.
/// </remarks>
public sealed class YamlReader
{
    private readonly Parser _parser;
    private readonly YamlLimits _limits;
    private readonly Stack<(char Bracket, int Line)?> _open = [];
    private int _nodes;
    private int _line = 1;

    private YamlReader(string text, YamlLimits limits) => (_parser, _limits) = (new Parser(new StringReader(text)), limits);

    /// <summary>Parses one document; an empty text is an empty section.</summary>
    /// <returns>The root, or an error that names the line. No text causes an exception.</returns>
    public static (YamlNode? Root, InputError? Error) Parse(string text, YamlLimits limits)
    {
        if (text.Length > limits.Characters)
            return (null, new InputError("", $"is longer than {limits.Characters} characters"));

        if (Directive(text) is { } directive)
            return (null, new InputError("", $"line {directive}: begins with '%', a YAML directive, which is not supported"));

        var reader = new YamlReader(text, limits);
        try
        {
            return (reader.ReadDocument(), null);
        }
        catch (YamlException exception)
        {
            var line = YamlSyntax.Line(text, exception.Message, (int)exception.Start.Line, (int)exception.End.Line);
            return (null, new InputError("", $"line {line}: is not valid YAML: {FirstLine(exception.Message)}{reader.Inside(line)}"));
        }
        catch (RefusedYamlException exception)
        {
            return (null, new InputError("", exception.Message));
        }
        catch (Exception)
        {
            // The parser throws many kinds of exceptions for texts that are not YAML: a bracket or a tag without an end, a quote behind a
            // NUL.
            return (null, new InputError("", reader.OpenBracket is var (bracket, line)
                ? $"line {line}: is not valid YAML: {YamlSyntax.NotClosed(bracket)}"
                : $"line {reader._line}: is not valid YAML here or behind it"));
        }
    }

    // YamlDotNet (18.1) hangs for a minute after a text of 1024 characters, or a multiple, that ends within an unknown directive.
    private static int? Directive(string text)
    {
        var line = 1;
        foreach (var content in text.AsSpan().TrimStart('\uFEFF').EnumerateLines())
        {
            if (content is ['%', ..] && content.TrimEnd() is not ("%YAML 1.1" or "%YAML 1.2"))
                return line;
            line++;
        }

        return null;
    }

    private (char Bracket, int Line)? OpenBracket => _open.FirstOrDefault(bracket => bracket is not null);

    private string Inside(int line) =>
        OpenBracket is var (bracket, opened) && opened != line ? $" (inside the '{bracket}' of line {opened}, which may have no end)" : "";

    // After some errors the parser ends without closing the nodes that it opened.
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
        if (depth > _limits.Depth)
            throw new RefusedYamlException(current, $"is nested more than {_limits.Depth} levels deep");
        if (++_nodes > _limits.Nodes)
            throw new RefusedYamlException(current, $"has more than {_limits.Nodes} values");
        if (current is AnchorAlias || current is NodeEvent { Anchor.IsEmpty: false })
            throw new RefusedYamlException(current, "uses a YAML anchor or alias (& or *), which is not supported: write the value out");
        if (current is NodeEvent { Tag.IsEmpty: false })
            throw new RefusedYamlException(current, "uses a YAML tag (!), which is not supported: put a string in quotes");

        var line = _line = (int)current.Start.Line;
        if (current is SequenceStart or MappingStart)
            _open.Push(current is SequenceStart { Style: SequenceStyle.Flow } ? ('[', line)
                : current is MappingStart { Style: MappingStyle.Flow } ? ('{', line) : null);
        _parser.MoveNext();
        switch (current)
        {
            case Scalar scalar:
                return IsText(scalar.Value)
                    ? YamlNode.Scalar(line, scalar.Value, scalar.Style != ScalarStyle.Plain)
                    : throw new RefusedYamlException(current, "is not Unicode text: it has half a surrogate pair");
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
            if (start is SequenceStart or MappingStart)
                throw new RefusedYamlException(start, "has a list or a section as a key");
            var key = ReadNode(depth + 1);
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

    // Escapes can write what is in no text.
    private static bool IsText(string value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            if (!char.IsSurrogate(value[i]))
                continue;
            if (!char.IsHighSurrogate(value[i]) || i + 1 == value.Length || !char.IsLowSurrogate(value[i + 1]))
                return false;
            i++;
        }

        return true;
    }

    private static string FirstLine(string text) => text.Split('\n', 2)[0].TrimEnd('\r', '.');

#pragma warning disable CA1032, CA1064 // it never leaves this file
    private sealed class RefusedYamlException(ParsingEvent at, string reason) : Exception($"line {at.Start.Line}: {reason}");
#pragma warning restore CA1032, CA1064
}
