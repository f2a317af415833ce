using System.Text.Json.Nodes;
using CsCheck;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Tests.Sidecar;
using SmmAgent.Core.Yaml;
using YamlDotNet.RepresentationModel;

namespace SmmAgent.Core.Tests.Yaml;

public sealed class YamlTextTests
{
    private static readonly Gen<string> Text = Gen.OneOf(
        SidecarSamples.Any(
            "", " ", "~", "null", "Null", "true", "yes", "ON", "y", "1", "-1", "01", "0x1F", "1e3", "1_000", "1:20", ".5", ".inf", ".NaN",
            "2001-12-14", "<<", "=", "-", "- a", "? a",
            ": a", "a: b", "a:", "a #b", "#", "&a", "*a", "!a", "!!str a", "|", ">", "%a", "@a", "`a`", "{a: b}", "[a]", "'", "\"", "\\",
            "a'b\"c", "---", "...", "a\nb\n", "a\r\nb",
            "\n", "\t", " lead", "trail ", "\u0085", "\u2028", "\uFEFF", "\u007f", "\u0000", "\u001b[0m", "\u00fc", "\U0001F600", "\uFFFE",
            "{\"a\":\"b 'c'\"}", "istiod-x.y.svc:15012"),
        Gen.String[Gen.Char['\u0001', '\ud7ff'], 0, 10],
        Gen.String[Gen.Char[' ', '~'], 0, 12],
        Gen.Char['a', 'z'].Select(c => new string(c, 200)));

    private static readonly Gen<JsonNode?> Scalar = Gen.OneOf(
        Text.Select(text => (JsonNode?)text), Gen.Int.Select(number => (JsonNode?)number), Gen.Bool.Select(flag => (JsonNode?)flag),
        Gen.Const((JsonNode?)null));

    private static Gen<JsonNode?> Node(int depth) => depth == 0
        ? Scalar
        : Gen.OneOf(
            Scalar,
            Node(depth - 1).Array[0, 4].Select(items => (JsonNode?)new JsonArray([.. items.Select(item => item?.DeepClone())])),
            Gen.Select(Text, Node(depth - 1)).Array[0, 4].Select(members => (JsonNode?)Object(members)));

    [Fact]
    public void WrittenDocumentIsReadBackUnchanged() => Gen.Select(Text, Node(4)).Array[1, 4].Select(Object).Sample(
        value =>
        {
            var read = ProxyConfigAnnotation.Parse("root:\n" + Indented(YamlText.Write(value)));
            return read.Value is { } root && JsonNode.DeepEquals(root["root"], value);
        },
        iter: 3000);

    // Not by our own reader, and by YAML's rules for the types of plain words that are the widest.
    [Fact]
    public void AmbiguousStringIsNeverPlain() => Text.Sample(
        text =>
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(YamlText.Write(new() { ["key"] = text })));
            var scalar = (YamlScalarNode)((YamlMappingNode)stream.Documents[0].RootNode).Children.Single().Value;
            return scalar.Value == text
                && (scalar.Style != YamlDotNet.Core.ScalarStyle.Plain || (char.IsAsciiLetter(text[0]) || text[0] is '_' or '/'));
        },
        iter: 3000);

    [Fact]
    public void KeysAreInTheOrderOfIstio()
    {
        string[] order = ["A_", "A_B", "A1", "A2", "A10", "A10_", "AA", "ISTIO_META_Z", "ISTIO_METAA", "a", "aB", "b"];
        var written = YamlText.Write(new JsonObject(order.Reverse().Select(key => KeyValuePair.Create(key, (JsonNode?)1))));
        Assert.Equal(string.Concat(order.Select(key => $"{key}: 1\n")), written);
    }

    private static JsonObject Object(IEnumerable<(string, JsonNode?)> members) =>
        new(members.DistinctBy(member => member.Item1).Select(member => KeyValuePair.Create(member.Item1, member.Item2?.DeepClone())));

    private static string Indented(string yaml) =>
        string.Concat(yaml.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => $"  {line}\n"));
}
