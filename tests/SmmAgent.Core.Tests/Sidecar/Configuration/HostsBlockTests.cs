using System.Text;
using CsCheck;
using SmmAgent.Core.Sidecar.Configuration;

namespace SmmAgent.Core.Tests.Sidecar.Configuration;

public sealed class HostsBlockTests
{
    private const string Block =
        "# BEGIN smm-agent: addresses of the mesh's control plane\n13.48.73.61 istiod-x.istio-system.svc\n# END smm-agent\n";

    private static readonly string[] Ours = ["13.48.73.61 istiod-x.istio-system.svc"];
    private static readonly string[] Newer =
        ["9.9.9.9 istiod-x.istio-system.svc", "2001:db8::1 istiod-x.istio-system.svc istiod.other.svc"];

    private static readonly Gen<string> Foreign = Gen.Select(
        SidecarSamples.Any(
            "127.0.0.1 localhost", "::1\tlocalhost ip6-localhost", "# a comment", "", "   ", "10.0.0.1 istiod.example.com",
            "10.0.0.2 host istiod-x.istio-system.svc",
            "\u00ff\u00fe\u0000", "garbage", "# BEGIN smm-agents", "# END something", "#BEGIN"),
        SidecarSamples.Any("\n", "\n", "\r\n"), (line, end) => line + end);

    private static readonly Gen<string> Marks = SidecarSamples.Any(
        "# BEGIN smm-agent\n", "# BEGIN smm-agent: addresses of the mesh's control plane\r\n", "# END smm-agent\n", "  # END smm-agent\n",
        "# END smm-agent; the line before the block had no line break\n", "13.48.73.61 istiod-x.istio-system.svc\n", Block);

    private static readonly Gen<string> Tail = SidecarSamples.Any("", "", "127.0.0.1 unended", "# c\r", " ");

    private static readonly Gen<string> Untouched = Gen.Select(Foreign.Array[0, 6], Tail, (lines, tail) => string.Concat(lines) + tail);

    private static readonly Gen<string> Damaged = Gen.Select(
        Gen.OneOf(Foreign, Marks).Array[0, 10], Tail, (lines, tail) => string.Concat(lines) + tail);

    [Fact]
    public void NewBlockIsAtTheEndOfTheFile() => Assert.Equal("127.0.0.1 localhost\n" + Block, Set("127.0.0.1 localhost\n", Ours));

    [Fact]
    public void AgentsLinesAreThoseOfItsBlockAndNoOthers()
    {
        Assert.Equal(Ours, HostsBlock.Lines($"10.0.0.1 istiod.example.com\n{Block}127.0.0.1 localhost\n"));
        Assert.Empty(HostsBlock.Lines("127.0.0.1 localhost\n"));
        Assert.Empty(HostsBlock.Lines(""));
        // A foreign line between the marks does not belong to the agent.
        Assert.Equal(Ours, HostsBlock.Lines(Block.Replace("# END", "10.0.0.9 theirs\r\n# END", StringComparison.Ordinal)));
    }

    [Fact]
    public void LinesThatWereWrittenAreReadBack() => Untouched.Sample(text =>
        HostsBlock.Lines(Encoding.Latin1.GetString(HostsBlock.Set(Encoding.Latin1.GetBytes(text), Newer))).SequenceEqual(Newer));

    [Fact]
    public void PresentBlockIsReplacedInItsPlace() => Assert.Equal(
        $"a\n{Block}b\n", Set("a\n# BEGIN smm-agent: old words\n1.1.1.1 istiod-y.istio-system.svc\n# END smm-agent\nb\n", Ours));

    [Fact]
    public void OneOfTwoBlocksStays() => Assert.Equal($"a\n{Block}b\nc\n", Set($"a\n{Block}b\n{Block}c\n", Ours));

    [Theory]
    [InlineData("a\n# BEGIN smm-agent\n1.1.1.1 istiod-x.istio-system.svc\n10.0.0.1 somebody\n1.1.1.1 istiod-x.istio-system.svc\n")]
    public void BlockWithoutAnEndEndsBeforeTheFirstForeignLine(string text) =>
        Assert.Equal($"a\n{Block}10.0.0.1 somebody\n1.1.1.1 istiod-x.istio-system.svc\n", Set(text, Ours));

    [Fact]
    public void LinesAboveAnEndWithoutABeginBelongToTheAgent() =>
        Assert.Equal($"a\n{Block}", Set("a\n1.1.1.1 istiod-x.istio-system.svc\n# END smm-agent\n", Ours));

    [Fact]
    public void ForeignLineInTheBlockStays() =>
        Assert.Equal($"{Block}10.0.0.1 somebody\n",
            Set("# BEGIN smm-agent\n10.0.0.1 somebody\n1.1.1.1 istiod-x.istio-system.svc\n# END smm-agent\n", Ours));

    [Fact]
    public void LineAppendedAfterAMissingLineBreakIsALineOfItsOwn()
    {
        var edited = Set("127.0.0.1 unended", Ours) + "10.0.0.1 appended\n";
        Assert.Equal("127.0.0.1 unended\n10.0.0.1 appended\n", Set(edited, []));
    }

    [Fact]
    public void AddingAndRemovingTheBlockRestoresEveryByte() => Untouched.Sample(text =>
        Set(Set(text, Ours), []) == text && Set(Set(Set(text, Ours), Newer), []) == text && Set(text, []) == text, iter: 5000);

    [Fact]
    public void SecondWriteOfTheBlockChangesNothing() => Damaged.Sample(text =>
    {
        var once = Set(text, Newer);
        return Set(once, Newer) == once && Set(Set(text, Ours), Newer) == once && Set(once, []) == Set(text, []);
    }, iter: 10_000);

    [Fact]
    public void ForeignLinesSurviveAnyDamageOfTheBlock() => Damaged.Sample(text =>
    {
        var edited = Set(text, Ours);
        return Lines(edited).Where(IsForeign).SequenceEqual(Lines(text).Where(IsForeign))
            && edited.Split(Ours[0]).Length - 1 >= 1
            && Lines(edited).Count(line => line.Trim().StartsWith("# BEGIN smm-agent:", StringComparison.Ordinal)) == 1;
    }, iter: 10_000);

    private static string Set(string text, string[] lines) =>
        Encoding.Latin1.GetString(HostsBlock.Set(Encoding.Latin1.GetBytes(text), lines));

    private static IEnumerable<string> Lines(string text) => text.Split('\n').Where(line => line.Length > 0);

    private static bool IsForeign(string line) =>
        !line.Contains(" istiod-x.istio-system.svc", StringComparison.Ordinal)
        && !line.Contains("# END smm-agent", StringComparison.Ordinal)
        && !(line.Contains("# BEGIN smm-agent", StringComparison.Ordinal) && !line.Contains("agents", StringComparison.Ordinal));
}
