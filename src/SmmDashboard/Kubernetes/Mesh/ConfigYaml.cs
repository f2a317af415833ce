using System.Buffers;
using System.Text.Json;
using System.Text.RegularExpressions;
using SmmAgent.Contract;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace SmmDashboard.Kubernetes.Mesh;

/// <summary>Reads YAML out of an object of the cluster, as Istio does (YAML 1.1), with limits on its size and depth.</summary>
/// <remarks>
/// Anchors, aliases, tags, keys that are no plain values, keys that are there twice and numbers that readers take for different numbers are refused.
/// It reads parse events: a YamlStream would recurse as deep as the text says and expand what aliases point to.
/// </remarks>
internal sealed partial class ConfigYaml
{
    /// <summary>In characters. etcd stores no larger ConfigMap.</summary>
    public const int MaximumLength = 1024 * 1024;

    private const int MaximumNodes = 100_000;

    private readonly Parser _parser;
    private readonly Utf8JsonWriter _writer;
    private readonly int _maximumDepth;
    private int _nodes;

    private ConfigYaml(string text, Utf8JsonWriter writer, int maximumDepth) =>
        (_parser, _writer, _maximumDepth) = (new Parser(new StringReader(text)), writer, maximumDepth);

    // After some errors the parser just ends, without an end of what it began.
    private ParsingEvent Current => _parser.Current ?? throw new RefusedException("ends too early");

    /// <summary>The document as JSON: an object, empty for an empty text; or null and why.</summary>
    public static (JsonElement? Value, string Fault) Object(string text, int maximumDepth = 32)
    {
        if (text.Length > MaximumLength)
            return (null, $"is longer than {MaximumLength} characters");

        try
        {
            var buffer = new ArrayBufferWriter<byte>();
            using var writer = new Utf8JsonWriter(buffer);
            new ConfigYaml(text, writer, maximumDepth).Document();
            writer.Flush();
            using var document = JsonDocument.Parse(buffer.WrittenMemory);
            return document.RootElement.ValueKind switch
            {
                JsonValueKind.Object => (document.RootElement.Clone(), ""),
                JsonValueKind.Null => (JsonDocument.Parse("{}").RootElement, ""),
                JsonValueKind.Array => (null, "is a list, not an object"),
                _ => (null, "is a single value, not an object"),
            };
        }
        catch (YamlException exception)
        {
            return (null, $"line {exception.Start.Line}: is not valid YAML: {NameRules.Shown(exception.Message.Split('\n', 2)[0].TrimEnd('\r', '.'))}");
        }
        catch (RefusedException exception)
        {
            return (null, exception.Message);
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or IndexOutOfRangeException or JsonException)
        {
            // The scanner throws these for some texts, for example a quote behind a NUL; the writer for half a surrogate pair.
            return (null, "is not valid YAML");
        }
    }

    private void Document()
    {
        Take<StreamStart>();
        if (_parser.Current is StreamEnd)
        {
            _writer.WriteNullValue();
            return;
        }

        Take<DocumentStart>();
        Node(depth: 0);
        Take<DocumentEnd>();
        if (_parser.Current is not StreamEnd)
            throw Refused(Current, "begins a second document; only one is read");
    }

    private void Node(int depth)
    {
        var current = Checked(depth);
        switch (current)
        {
            case Scalar scalar:
                Value(scalar);
                _parser.MoveNext();
                break;
            case SequenceStart:
                _parser.MoveNext();
                _writer.WriteStartArray();
                while (Current is not SequenceEnd)
                    Node(depth + 1);
                _parser.MoveNext();
                _writer.WriteEndArray();
                break;
            case MappingStart:
                _parser.MoveNext();
                Members(depth);
                break;
            default:
                throw Refused(current, "is not valid YAML");
        }
    }

    private void Members(int depth)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        _writer.WriteStartObject();
        while (Current is not MappingEnd)
        {
            if (Checked(depth + 1) is not Scalar key)
                throw Refused(Current, "has a list or an object as a key");
            if (!names.Add(key.Value))
                throw Refused(key, $"'{NameRules.Shown(key.Value)}' is there twice");

            _writer.WritePropertyName(key.Value);
            _parser.MoveNext();
            Node(depth + 1);
        }

        _parser.MoveNext();
        _writer.WriteEndObject();
    }

    private ParsingEvent Checked(int depth)
    {
        var current = Current;
        if (depth > _maximumDepth)
            throw Refused(current, $"is nested more than {_maximumDepth} levels deep");
        if (++_nodes > MaximumNodes)
            throw Refused(current, $"has more than {MaximumNodes} values");
        if (current is AnchorAlias or NodeEvent { Anchor.IsEmpty: false })
            throw Refused(current, "uses a YAML anchor or alias (& or *), which is not read here: write the value out");
        if (current is NodeEvent { Tag.IsEmpty: false })
            throw Refused(current, "uses a YAML tag (!), which is not read here: put a string in quotes");
        return current;
    }

    private void Value(Scalar scalar)
    {
        if (scalar.Style != ScalarStyle.Plain)
        {
            _writer.WriteStringValue(scalar.Value);
            return;
        }

        switch (scalar.Value)
        {
            case "" or "~" or "null" or "Null" or "NULL":
                _writer.WriteNullValue();
                break;
            case "true" or "True" or "TRUE" or "yes" or "Yes" or "YES" or "on" or "On" or "ON":
                _writer.WriteBooleanValue(true);
                break;
            case "false" or "False" or "FALSE" or "no" or "No" or "NO" or "off" or "Off" or "OFF":
                _writer.WriteBooleanValue(false);
                break;
            case var text when JsonNumber().IsMatch(text):
                _writer.WriteRawValue(text);
                break;
            case var text when NumberLike().IsMatch(text):
                throw Refused(scalar, $"'{NameRules.Shown(text)}' can be read as several numbers; put it in quotes, or write it in decimal");
            case var text:
                _writer.WriteStringValue(text);
                break;
        }
    }

    private void Take<T>()
        where T : ParsingEvent
    {
        if (_parser.Current is null)
            _parser.MoveNext();
        if (_parser.Current is not T)
            throw Refused(Current, "is not one YAML document");
        _parser.MoveNext();
    }

    private static RefusedException Refused(ParsingEvent at, string reason) => new($"line {at.Start.Line}: {reason}");

    [GeneratedRegex(@"^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex JsonNumber();

    [GeneratedRegex(@"^[-+]?(0[xXoObB][0-9a-fA-F_]+|[0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?|\.[0-9][0-9_]*([eE][-+]?[0-9]+)?|\.(inf|Inf|INF|nan|NaN|NAN))\z", RegexOptions.CultureInvariant)]
    private static partial Regex NumberLike();

#pragma warning disable CA1032, CA1064 // it never leaves this file
    private sealed class RefusedException(string message) : Exception(message);
#pragma warning restore CA1032, CA1064
}
