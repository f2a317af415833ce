using SmmAgent.Core.Firewall.Rules;

namespace SmmAgent.Core.Tests.Firewall.Rules;

/// <summary>The arguments that iptables-restore makes of a line.</summary>
public sealed class IptablesTokensTests
{
    [Theory]
    [InlineData("-p tcp\t-j  ACCEPT", "-p", "tcp", "-j", "ACCEPT")]
    [InlineData("--comment \"a  b\" -j X", "--comment", "a  b", "-j", "X")]
    [InlineData("--comment \"say \\\"x\\\" \\\\ \\'\" -j X", "--comment", "say \"x\" \\ '", "-j", "X")]
    [InlineData("--comment \"\" -j X", "--comment", "", "-j", "X")]
    [InlineData("--comment a\\b -j X", "--comment", "a\\b", "-j", "X")]
    [InlineData("--comment 'a b' -j X", "--comment", "'a", "b'", "-j", "X")]
    [InlineData("--comment ab\"c d\"ef", "--comment", "abc d", "ef")]
    [InlineData("\t", new string[0])]
    public void TokensEqualThoseOfIptables(string line, params string[] arguments) =>
    Assert.Equal(arguments, FilterRule.Parse(line).Arguments);

    [Theory]
    [InlineData("-m comment --comment \"-j ISTIO_OUTPUT\" -j MINE", "-j ISTIO_OUTPUT")]
    [InlineData("-m comment --comment -j -j MINE", "-j")]
    [InlineData("-m comment --comment \"a\t-j ISTIO_OUTPUT \\\"\" -j MINE", "a\t-j ISTIO_OUTPUT \"")]
    [InlineData("-m comment --comment \"! -g X\" -j MINE", "! -g X")]
    public void CommentContainsNoTarget(string rule, string comment)
    {
        var parsed = FilterRule.Parse(rule);

        Assert.Equal(("MINE", comment), (parsed.Target, parsed.Comment));
    }

    [Theory]
    [InlineData("-m string --string \"-j ACCEPT\" --algo bm -j MINE")]
    [InlineData("-m recent --name -j --rsource -j MINE")]
    [InlineData("-m bpf --bytecode \"-j 4,48 0 0\" -j MINE")]
    [InlineData("-m nfacct --nfacct-name \"-j x\" -j MINE")]
    public void OtherValuesContainNoTarget(string rule) => Assert.Equal("MINE", FilterRule.Parse(rule).Target);

    [Fact]
    public void AnyTextIsReadWithoutAnException()
    {
        var random = new Random(13);
        const string letters = "ab-j!\"\\ '\t:*[]#0";
        for (var round = 0; round < 20_000; round++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(40)).Select(_ => letters[random.Next(letters.Length)])]);
            _ = FilterRule.Parse(text).Canonical;
            _ = FilterTable.Parse($"*filter\n:INPUT ACCEPT [0:0]\n-A INPUT {text}\n{text}\nCOMMIT\n");
        }
    }
}
