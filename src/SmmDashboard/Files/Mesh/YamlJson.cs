using System.Buffers;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using SmmAgent.Contract;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace SmmDashboard.Files.Mesh;

/// <summary>Turns a YAML document into JSON, scalars by YAML 1.2's core schema.</summary>
public static partial class YamlJson
{
    /// <summary>More than any mesh description has; aliases that multiply end here.</summary>
    public const int MaximumBytes = 16 * 1024 * 1024;

    private const int MaximumDepth = 48;
    private const string StringTag = "tag:yaml.org,2002:str";

    public static ReadResult<byte[]> Convert(string yaml)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(yaml));
            if (stream.Documents.Count != 1)
                return Refused($"the file has {stream.Documents.Count} YAML documents, not one");

            var buffer = new ArrayBufferWriter<byte>();
            using var writer = new Utf8JsonWriter(buffer);
            Write(stream.Documents[0].RootNode, writer, buffer, depth: 0);
            writer.Flush();
            return ReadResult<byte[]>.Good(buffer.WrittenSpan.ToArray());
        }
        catch (YamlException exception)
        {
            var reason = exception.InnerException?.Message ?? exception.Message;
            var line = YamlSyntax.Line(yaml, exception.Message, (int)exception.Start.Line, (int)exception.End.Line);
            return Refused(line == exception.Start.Line
                ? $"line {line}, column {exception.Start.Column}: {NameRules.Shown(reason)}"
                : $"line {line}: {NameRules.Shown(reason)}");
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or IndexOutOfRangeException)
        {
            // The scanner does that to some texts, above all to a list or a section in brackets without its end.
            return Refused(OpenBracket(yaml) is var (bracket, line) ? $"line {line}: {YamlSyntax.NotClosed(bracket)}" : "is not valid YAML");
        }
    }

    /// <summary>The innermost bracket that is open where the parser gives up.</summary>
    private static (char Bracket, long Line)? OpenBracket(string yaml)
    {
        var open = new Stack<(char Bracket, long Line)?>();
        try
        {
            var parser = new Parser(new StringReader(yaml));
            while (parser.MoveNext())
            {
                if (parser.Current is SequenceStart list)
                    open.Push(list.Style == SequenceStyle.Flow ? ('[', list.Start.Line) : null);
                else if (parser.Current is MappingStart section)
                    open.Push(section.Style == MappingStyle.Flow ? ('{', section.Start.Line) : null);
                else if (parser.Current is SequenceEnd or MappingEnd)
                    open.Pop();
            }
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentException or IndexOutOfRangeException or YamlException)
        {
            // That it gives up is why it is asked.
        }

        return open.FirstOrDefault(bracket => bracket is not null);
    }

    private static void Write(YamlNode node, Utf8JsonWriter writer, ArrayBufferWriter<byte> buffer, int depth)
    {
        if (depth > MaximumDepth)
            throw new YamlException(node.Start, node.End, $"is nested deeper than {MaximumDepth} levels");
        if (buffer.WrittenCount + writer.BytesPending > MaximumBytes)
            throw new YamlException(node.Start, node.End, $"the file has more than {MaximumBytes} bytes, aliases counted where they are used");

        switch (node)
        {
            case YamlMappingNode mapping:
                writer.WriteStartObject();
                foreach (var (key, value) in mapping.Children)
                {
                    writer.WritePropertyName((key as YamlScalarNode)?.Value
                        ?? throw new YamlException(key.Start, key.End, "a key is not a plain value"));
                    Write(value, writer, buffer, depth + 1);
                }

                writer.WriteEndObject();
                break;
            case YamlSequenceNode sequence:
                writer.WriteStartArray();
                foreach (var item in sequence.Children)
                    Write(item, writer, buffer, depth + 1);
                writer.WriteEndArray();
                break;
            case YamlScalarNode scalar:
                WriteScalar(scalar, writer);
                break;
            default:
                throw new YamlException(node.Start, node.End, "is not a value");
        }
    }

    private static void WriteScalar(YamlScalarNode scalar, Utf8JsonWriter writer)
    {
        var text = scalar.Value ?? "";
        if (scalar.Style != ScalarStyle.Plain || (!scalar.Tag.IsEmpty && scalar.Tag.Value == StringTag))
            writer.WriteStringValue(text);
        else if (text is "" or "~" or "null" or "Null" or "NULL")
            writer.WriteNullValue();
        else if (text is "true" or "True" or "TRUE")
            writer.WriteBooleanValue(true);
        else if (text is "false" or "False" or "FALSE")
            writer.WriteBooleanValue(false);
        else if (Integer().IsMatch(text) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var integer))
            writer.WriteNumberValue(integer);
        else if (Number().IsMatch(text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number))
            writer.WriteNumberValue(number);
        else
            writer.WriteStringValue(text);
    }

    private static ReadResult<byte[]> Refused(string reason) => ReadResult<byte[]>.Refused([new Fault("", reason)]);

    [GeneratedRegex("^[-+]?[0-9]+$", RegexOptions.CultureInvariant)]
    private static partial Regex Integer();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}
