using SmmAgent.Core.Firewall.Rules;

namespace SmmAgent.Core.Tests.Firewall.Rules;

public sealed class SavedTablesReaderTests
{
    private const string Saved =
        "# Table `raw' is incompatible, use 'nft' tool.\n*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\r\n*filter\n:INPUT DROP "
            + "[1:2]\n:OWN - [0:0]\n\n"
        + "[1:2] -A INPUT -s 192.0.2.1/32 -m comment --comment \"a  \\\" b\" -j OWN\n-A INPUT ! -i lo -p tcp --dport 22 -j "
        + "ACCEPT\n-A OWN\nCOMMIT";

    [Fact]
    public void TextIsReadAlikeWithAnyCut()
    {
        for (var size = 1; size < Saved.Length; size++)
        {
            var reader = new SavedTablesReader();
            for (var at = 0; at < Saved.Length; at += size)
                reader.Read(Saved.AsSpan(at, Math.Min(size, Saved.Length - at)));
            var saved = reader.End();

            Assert.NotNull(saved);
            Assert.Equal(["raw"], saved.Hidden);
            Assert.Equal(["nat", "filter"], saved.Tables.Keys);
            var input = saved.Table("filter")!.Chain("INPUT")!;
            Assert.Equal("DROP", input.Policy);
            Assert.Equal(
                ["-s 192.0.2.1/32 -m comment --comment \"a  \\\" b\" -j OWN", "! -i lo -p tcp --dport 22 -j ACCEPT"],
                input.Rules.Select(rule => rule.Text));
            Assert.Equal([new("-s", "192.0.2.1/32", Negated: false), new("--comment", "a  \" b", Negated: false)], input.Rules[0].Options);
            Assert.Equal([""], saved.Table("filter")!.Chain("OWN")!.Rules.Select(rule => rule.Text));
        }
    }

    [Fact]
    public void TextThatEndsWithinATableIsRefused()
    {
        var reader = new SavedTablesReader();
        reader.Read("*filter\n:INPUT DROP [1:2]\n-A INPUT -j ACC");

        Assert.Null(reader.End());
    }
}
