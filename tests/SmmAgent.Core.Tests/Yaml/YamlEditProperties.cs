using System.Text;
using CsCheck;
using SmmAgent.Contract.Yaml;
using SmmAgent.Core.Yaml;

namespace SmmAgent.Core.Tests.Yaml;

/// <summary>Random files as people write them: comments, blank lines, unknown keys, blocks and braces, every line ending.</summary>
public sealed class YamlEditProperties
{
    private static readonly Gen<string> Comment = Words("", "", " # why", "   # ip: not this", " # {[\"'");
    private static readonly Gen<string> Value = Words(
        "auto", "\"quoted # no comment\"", "'single'", "plain text", "", "~", "3.67.91.181", "[a, b]", "{x: y}", "\u00fc\U0001F600");
    private static readonly Gen<string> Key = Words("ip", "mode", "name", "url", "\"quoted key\"", "unknown", "x-y");
    private static readonly Gen<string> Noise = Words(
        "", "", "\n", "# comment\n", "  # indented comment\n", "  #ip: auto\n", "    # deep\n");

    private static readonly Gen<string> Member =
        Gen.Select(Noise, Key, Value, Comment, (noise, key, value, comment) => $"{noise}  {key}: {value}{comment}\n");

    private static readonly Gen<string> Block = Gen.Select(
        Comment, Member.Array[0, 4], Noise, (comment, members, noise) => $"{comment}\n{string.Concat(members)}{noise}");

    private static readonly Gen<string> Flow = Gen.Select(
        Key, Value, Words("", ",", " "), Comment, (key, value, end, comment) => $" {{{key}: {value}{end}}}{comment}\n");

    private static readonly Gen<string> Section =
        Gen.Select(Words("node", "node", "dashboard", "strange", "\"node\""), Gen.OneOf(Block, Flow), (name, body) => $"{name}:{body}");

    private static readonly Gen<string> File = Gen.Select(
        Words("", "# head\n", "---\n", "\n\n"), Section.Array[0, 4], Words("", "\n", "# tail", "...\n"), Words("\n", "\r\n"),
        (head, sections, tail, newLine) => $"{head}{string.Concat(sections)}{tail}".Replace("\n", newLine, StringComparison.Ordinal));

    private static readonly Gen<string> Wanted = Gen.OneOf(
        Words("10.0.0.1", "2001:db8::", "auto", "null", "a: b", "# c", "{", "\"", "123"),
        Gen.String[Gen.Char[' ', '~'], 1, 12]);

    [Fact]
    public void EditSetsTheValueAndRemovesNothing() => Gen.Select(File, Wanted).Sample((text, value) =>
    {
        var (edited, reason) = YamlEdit.Set(text, new("node", "ip", value));
        if (edited is null)
            return reason!.Length > 0;

        var before = YamlReader.Parse(text, YamlLimits.Agent).Root!;
        var after = YamlReader.Parse(edited, YamlLimits.Agent).Root!;
        var old = Leaf(before)?.Text;
        return Leaf(after)!.Text == value
            && Everything(before, "", "node.ip") == Everything(after, "", "node.ip")
            && IsOneReplacement(text, edited, old is null ? 0 : old.Length + 2)
            && YamlEdit.Set(edited, new("node", "ip", value)).Text == edited;
    }, iter: 5000);

    [Fact]
    public void RemovalRemovesOneKeyAndNoComment() => File.Sample(text =>
    {
        var (edited, reason) = YamlEdit.Remove(text, "node", "ip");
        if (edited is null)
            return reason!.Length > 0;

        var before = YamlReader.Parse(text, YamlLimits.Agent).Root!;
        var after = YamlReader.Parse(edited, YamlLimits.Agent).Root!;
        return Leaf(after) is null
            && Everything(before, "", "node.ip") == Everything(after, "", "node.ip")
            && Comments(edited) == Comments(text)
            && YamlEdit.Remove(edited, "node", "ip").Text == edited;
    }, iter: 5000);

    [Fact]
    public void EveryOrdinaryFileCanBeEdited()
    {
        var count = 0;
        Gen.Select(File, Wanted).Sample((text, value) =>
        {
            if (YamlReader.Parse(text, YamlLimits.Agent).Root is not { } root)
                return true;

            var nodes = root.Members.Where(member => member.Key == "node").ToList();
            var values = nodes.SelectMany(node => node.Value.Members).Where(member => member.Key == "ip").ToList();
            var isOrdinary = nodes.Count <= 1 && values.Count <= 1 && values.All(v => v.Value.Kind is YamlKind.Text or YamlKind.Empty);
            if (isOrdinary)
                Interlocked.Increment(ref count);
            return YamlEdit.Set(text, new("node", "ip", value)).Text is null != isOrdinary;
        }, iter: 5000);
        Assert.InRange(count, 1000, 5000); // else these files are no test
    }

    [Fact]
    public void EditOfARandomTextNeverThrows() =>
        Gen.Select(File, Gen.Int[0, 200], Gen.String[Gen.Char["-:[]{}&*!|>'\"%@`#,? \n\r\tab01\0\u2028\uFEFF"], 0, 12])
        .Sample((text, at, noise) =>
        {
            var (edited, reason) = YamlEdit.Set(text.Insert(at % (text.Length + 1), noise), new("node", "ip", "10.0.0.1"));
            return edited is null != reason is null;
        }, iter: 5000);

    private static Gen<string> Words(params string[] words) => Gen.Int[0, words.Length - 1].Select(i => words[i]);

    private static YamlNode? Leaf(YamlNode root) =>
        root.Members.FirstOrDefault(member => member.Key == "node")?.Value.Members.FirstOrDefault(member => member.Key == "ip")?.Value;

    // What stands between the common beginning and the common end was replaced; it may be no longer than the old value in quotes.
    private static bool IsOneReplacement(string before, string after, int longest)
    {
        var start = before.AsSpan().CommonPrefixLength(after);
        var end = 0;
        while (end < before.Length - start && end < after.Length - start && before[^(end + 1)] == after[^(end + 1)])
            end++;
        return before.Length - start - end <= Math.Max(longest, 1);
    }

    private static string Everything(YamlNode node, string path, string but)
    {
        var text = new StringBuilder();
        foreach (var (member, at) in node.Members.Select(member => (member, path.Length == 0 ? member.Key : $"{path}.{member.Key}")))
        {
            var isWayToIt = but.StartsWith(at + ".", StringComparison.Ordinal);
            if (at != but)
                text.Append(isWayToIt ? "" : $"{at}={member.Value.Kind}:{member.Value.Text};").Append(Everything(member.Value, at, but));
        }

        for (var i = 0; i < node.Items.Count; i++)
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{path}[{i}]={node.Items[i].Text};")
                .Append(Everything(node.Items[i], $"{path}[{i}]", but));
        return text.ToString();
    }

    // Of the two values with the sign, one is quoted and contains no comment.
    private static int Comments(string text) => text.Replace("\"quoted # no comment\"", "", StringComparison.Ordinal).Count(c => c == '#');
}
