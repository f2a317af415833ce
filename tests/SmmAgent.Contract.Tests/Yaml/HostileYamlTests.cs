using System.Diagnostics;
using System.Text;
using SmmAgent.Contract.Yaml;

namespace SmmAgent.Contract.Tests.Yaml;

/// <summary>
/// Texts that end, hang or bloat readers of YAML. Each is refused in one line, in a time that is in proportion to its length.
/// </summary>
public sealed class HostileYamlTests
{
    private const int Large = 256 * 1024;
    private static readonly YamlLimits Limits = new(Large, 32, 20_000);

    private static readonly string[] Pieces =
    [
        "[", "{", "]", "}", "- ", "? ", ": ", "a: ", "'", "\"", "|\n", ">\n", "!", "!!binary", "!<", "&a ", "*a ", "%", "---\n", "...\n",
        "#", ",", "\n", "\r", "\t", "\0",
        "[{", "{[", "? [", "- - ", "a: {", "a: [", "\\", "\"\\", "\"\\ud800", "\"\\x", "\"\\U", "\uFEFF", "\u0085", "\u2028", "@", "`",
        "<<: ", "|9\n", ">-+\n", "%YAML 1.1\n", "%TAG ! x\n",
    ];

    [Theory]
    [InlineData("publicUrl: !!binary[ x\n")]
    [InlineData("a:\n  b:\n    c: {\n")]
    [InlineData("a: [1, 2\nb: 3\n")]
    [InlineData("a: &x 1\n")]
    [InlineData("a: *x\n")]
    [InlineData("? [a, b]\n: c\n")]
    [InlineData("? {a: b}\n: c\n")]
    [InlineData("{[a]: b}\n")]
    [InlineData("a: !!str 1\n")]
    [InlineData("a: !x 1\n")]
    [InlineData("a: ! 1\n")]
    [InlineData("!!str a: 1\n")]
    [InlineData("a: \"\\ud800\"\n")]
    [InlineData("\"\\udc00\": 1\n")]
    [InlineData("a: \"\\ud800\\ud801\"\n")]
    [InlineData("a: 1\n---\nb: 2\n")]
    public void HostileTextIsRefusedInOneLine(string text)
    {
        var (root, fault) = YamlReader.Parse(text, Limits);
        Assert.Null(root);
        Assert.DoesNotContain(fault!.Reason, char.IsControl);
    }

    // The parser reads in blocks of 1024 characters, and behind an unknown directive it did not see the end of the text.
    [Theory]
    [InlineData("x")]
    [InlineData(" ")]
    [InlineData("x y. ")]
    [InlineData("\t")]
    public void TextThatEndsAtAParserBlockIsReadQuickly(string filler)
    {
        foreach (var start in Pieces.SelectMany(piece => (string[])[piece, $"a: {piece}", $"a: 1\n{piece}"]).Append("%a ")
            .Append("%YAML 1.1").Append("%TAG ! "))
        {
            foreach (var length in (int[])[1024, 2048, 4096])
            {
                var text = (start + string.Concat(Enumerable.Repeat(filler, length)))[..length];
                var clock = Stopwatch.StartNew();
                _ = YamlReader.Parse(text, Limits);
                Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"'{start}' to {length} characters took {clock.Elapsed}");
            }
        }
    }

    [Theory]
    [InlineData("%a b\n---\na: b\n", 1)]
    [InlineData("\uFEFF%TAG ! x\n---\na: b\n", 1)]
    [InlineData("a: b\n...\n%x", 3)]
    [InlineData("a: b\u2028%x", 2)]
    public void DirectiveIsRefused(string text, int line) =>
        Assert.Equal(
            $"line {line}: begins with '%', a YAML directive, which is not supported", YamlReader.Parse(text, Limits).Error?.Reason);

    [Fact]
    public void VersionDirectiveIsAccepted() =>
        Assert.Equal("a", YamlReader.Parse("%YAML 1.1\n---\na: b\n", Limits).Root?.Members[0].Key);

    [Fact]
    public void NestedAliasesAreRefusedQuickly()
    {
        var text = new StringBuilder("x0: &x0 [a,a]\n");
        for (var i = 1; i < 64; i++)
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"x{i}: &x{i} [*x{i - 1},*x{i - 1}]\n");
        text.Append("? *x63\n: *x63\n");
        Assert.StartsWith("line 1: uses a YAML anchor", YamlReader.Parse(text.ToString(), Limits).Error!.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, "")]
    [InlineData(1, "\n")]
    [InlineData(7, "\n")]
    [InlineData(1, " a")]
    public void RepeatedPieceIsReadQuickly(int times, string between)
    {
        foreach (var piece in Pieces)
        {
            var unit = string.Concat(Enumerable.Repeat(piece, times)) + between;
            var text = string.Concat(Enumerable.Repeat(unit, Large / unit.Length));
            var watch = Stopwatch.StartNew();
            YamlReader.Parse(text, Limits);
            // A hang is minutes; a busy machine is seconds.
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"'{Uri.EscapeDataString(unit)}' took {watch.Elapsed}");
        }
    }

    [Fact]
    public void MixtureOfPiecesIsReadOrRefused()
    {
        var random = new Random(13);
        for (var i = 0; i < 20_000; i++)
        {
            var text = string.Concat(
                Enumerable.Range(0, random.Next(1, 24)).Select(_ => Pieces[random.Next(Pieces.Length)] + (random.Next(3) == 0 ? "x" : "")));
            var (root, fault) = YamlReader.Parse(text, Limits);
            Assert.True(root is null != fault is null);
        }
    }

    [Fact]
    public void DepthSizeAndNumberOfNodesHaveLimits()
    {
        Assert.Contains("nested more than 32", Fault(new string('[', 50_000)), StringComparison.Ordinal);
        Assert.Contains("nested more than 32", Fault(string.Concat(Enumerable.Repeat("{a: ", 50_000))), StringComparison.Ordinal);
        Assert.Contains("nested more than 32", Fault(string.Concat(Enumerable.Repeat("- ", 50_000))), StringComparison.Ordinal);
        Assert.Contains("more than 20000 values", Fault(string.Concat(Enumerable.Repeat("- 1\n", 20_001))), StringComparison.Ordinal);
        Assert.Contains("longer than", Fault(new string('a', Large + 1)), StringComparison.Ordinal);
    }

    private static string Fault(string text) => YamlReader.Parse(text, Limits).Error!.Reason;
}
