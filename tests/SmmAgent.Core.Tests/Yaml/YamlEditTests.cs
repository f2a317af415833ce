using SmmAgent.Contract.Yaml;
using SmmAgent.Core.Yaml;

namespace SmmAgent.Core.Tests.Yaml;

public sealed class YamlEditTests
{
    [Theory]
    [InlineData("", "node:\n  ip: 10.0.0.1\n")]
    [InlineData("# c", "# c\nnode:\n  ip: 10.0.0.1\n")]
    [InlineData("---\n", "---\nnode:\n  ip: 10.0.0.1\n")]
    [InlineData("uuid: u\n", "uuid: u\nnode:\n  ip: 10.0.0.1\n")]
    [InlineData("uuid: u # c", "uuid: u # c\nnode:\n  ip: 10.0.0.1\n")]
    [InlineData("uuid: u\n...\n", "uuid: u\nnode:\n  ip: 10.0.0.1\n...\n")]
    [InlineData("  uuid: u\n", "  uuid: u\n  node:\n    ip: 10.0.0.1\n")]
    [InlineData("a:\r\n  b: c\r\n", "a:\r\n  b: c\r\nnode:\r\n  ip: 10.0.0.1\r\n")]
    [InlineData("...\n", "node:\n  ip: 10.0.0.1\n...\n")]
    [InlineData("---\n...\n", "---\nnode:\n  ip: 10.0.0.1\n...\n")]
    [InlineData("{}", "{node: {ip: 10.0.0.1}}")]
    [InlineData("{a: b} # c\n", "{a: b, node: {ip: 10.0.0.1}} # c\n")]
    [InlineData("node:\n", "node:\n  ip: 10.0.0.1\n")]
    [InlineData("node:", "node:\n  ip: 10.0.0.1")]
    [InlineData("node: # c\nuuid: u\n", "node: # c\n  ip: 10.0.0.1\nuuid: u\n")]
    [InlineData("node: ~ # c\n", "node: {ip: 10.0.0.1} # c\n")]
    [InlineData("{node: , a: b}", "{node: {ip: 10.0.0.1} , a: b}")]
    [InlineData("node: {}\n", "node: {ip: 10.0.0.1}\n")]
    [InlineData("node: {x: y, }\n", "node: {x: y, ip: 10.0.0.1, }\n")]
    [InlineData("node: {x: [a,\n  b] # c\n}\n", "node: {x: [a,\n  b], ip: 10.0.0.1 # c\n}\n")]
    [InlineData("node:\n    x: y # c\n\n# d\n", "node:\n    x: y # c\n    ip: 10.0.0.1\n\n# d\n")]
    [InlineData("node:\n  x: |\n    text\n    more\na: b\n", "node:\n  x: |\n    text\n    more\n  ip: 10.0.0.1\na: b\n")]
    [InlineData("node:\n  x:\n  - a\n  - b\na: b\n", "node:\n  x:\n  - a\n  - b\n  ip: 10.0.0.1\na: b\n")]
    [InlineData("node:\n  # the address\n  #ip: auto\n  x: y\n", "node:\n  # the address\n  #ip: auto\n  ip: 10.0.0.1\n  x: y\n")]
    [InlineData("node:\n    # ip: auto\na: b\n", "node:\n    # ip: auto\n    ip: 10.0.0.1\na: b\n")]
    [InlineData("node:\n  x: |\n    #ip: y\n", "node:\n  x: |\n    #ip: y\n  ip: 10.0.0.1\n")]
    [InlineData("node:\n  ip: auto   # c\n  x: y\n", "node:\n  ip: 10.0.0.1   # c\n  x: y\n")]
    [InlineData("node:\n  ip:   # c\n", "node:\n  ip: 10.0.0.1   # c\n")]
    [InlineData("node:\n  ip: ~\n", "node:\n  ip: 10.0.0.1\n")]
    [InlineData("node: {ip: 'auto', x: y}", "node: {ip: 10.0.0.1, x: y}")]
    [InlineData("node:\n  ip: >-\n    auto\n  # c\n  x: y\n", "node:\n  ip: 10.0.0.1\n  # c\n  x: y\n")]
    [InlineData("\"node\":\n  \"ip\": \"auto\"\n", "\"node\":\n  \"ip\": 10.0.0.1\n")]
    [InlineData("node: {ip: auto} # \U0001F600\nother: \U0001F600\n", "node: {ip: 10.0.0.1} # \U0001F600\nother: \U0001F600\n")]
    [InlineData("# \U0001F600\nnode: {ip: auto}\n", "# \U0001F600\nnode: {ip: 10.0.0.1}\n")]
    public void EditChangesOnlyTheRequestedValue(string before, string after) =>
        Assert.Equal((after, null), YamlEdit.Set(before, new("node", "ip", "10.0.0.1")));

    [Theory]
    [InlineData("", "")]
    [InlineData("node:\n  x: y\n", "node:\n  x: y\n")]
    [InlineData("node:\n  ip: auto\n", "")]
    [InlineData("# a\nnode:\n  ip: auto\n# b\nuuid: u\n", "# a\nnode:\n# b\nuuid: u\n")]
    [InlineData("node:\n  # why\n  ip: auto\n", "node:\n  # why\n")]
    [InlineData("node:\n  ip: auto # static\n  x: y\n", "node:\n  # static\n  x: y\n")]
    [InlineData("node:\n  ip:\n  x: y\n", "node:\n  x: y\n")]
    [InlineData("node:\r\n  ip: auto\r\n  x: y\r\n", "node:\r\n  x: y\r\n")]
    [InlineData("node:\n  x: y\n  ip:\n  - a\n  - b\nuuid: u", "node:\n  x: y\nuuid: u")]
    [InlineData("node: {ip: auto, x: y}\n", "node: {x: y}\n")]
    [InlineData("node: {x: y, ip: auto}\n", "node: {x: y}\n")]
    [InlineData("a: b\nnode: {ip: auto}\n", "a: b\n")]
    [InlineData("{node: {ip: auto}, a: b}", "{a: b}")]
    [InlineData("\"node\":\n  \"ip\": \"auto\"\n  x: y", "\"node\":\n  x: y")]
    public void RemovalKeepsCommentsAndOtherKeys(string before, string after) =>
        Assert.Equal((after, null), YamlEdit.Remove(before, "node", "ip"));

    [Fact]
    public void ATopLevelKeyIsRemoved() =>
        Assert.Equal(("a: b\n# c\nd: e\n", null), YamlEdit.Remove("a: b\nuuid: u # c\nd: e\n", "", "uuid"));

    [Theory]
    [InlineData("", "uuid: 0a-1\n")]
    [InlineData("# c\nnode:\n  ip: auto # d\n", "# c\nnode:\n  ip: auto # d\nuuid: 0a-1\n")]
    [InlineData("node: {}", "node: {}\nuuid: 0a-1\n")]
    [InlineData("a: b\r\n# c", "a: b\r\n# c\r\nuuid: 0a-1\r\n")]
    [InlineData("a: b\n...\n", "a: b\nuuid: 0a-1\n...\n")]
    [InlineData("  a: b\n", "  a: b\n  uuid: 0a-1\n")]
    [InlineData("uuid: # c\na: b\n", "uuid: 0a-1 # c\na: b\n")]
    [InlineData("uuid: old\na: b\n", "uuid: 0a-1\na: b\n")]
    [InlineData("{a: b} # c\n", "{a: b, uuid: 0a-1} # c\n")]
    [InlineData("node:\n  uuid: x\n", "node:\n  uuid: x\nuuid: 0a-1\n")]
    public void TopLevelKeyIsSet(string before, string after) =>
        Assert.Equal((after, null), YamlEdit.Set(before, new("", "uuid", "0a-1", IsBare: true)));

    [Theory]
    [InlineData("uuid: a\nuuid: b\n", "uuid: line 2: is there twice; the first is in line 1; fix that first")]
    [InlineData("uuid: [a]\n", "uuid: line 1: is not a single value; fix that first")]
    public void TopLevelKeyThatCannotBeSetIsRefused(string text, string reason) =>
        Assert.Equal((null, reason), YamlEdit.Set(text, new("", "uuid", "0a-1", IsBare: true)));

    [Theory]
    [InlineData("node: {ip: 10.0.0.1}")]
    [InlineData("node:\n  ip:   \"10.0.0.1\"")]
    public void SameValueLeavesTheTextUnchanged(string text) =>
        Assert.Same(text, YamlEdit.Set(text, new("node", "ip", "10.0.0.1")).Text);

    [Fact]
    public void QuotedFlagIsReplaced() =>
        Assert.Equal("node: {ip: true}", YamlEdit.Set("node: {ip: \"true\"}", new("node", "ip", "true", IsBare: true)).Text);

    [Theory]
    [InlineData("node: {ip: [a]}", "node.ip: line 1: is not a single value")]
    [InlineData("node: {ip: a, ip: b}", "node.ip: line 1: is there twice")]
    [InlineData("node: {}\nnode: {}", "node: line 2: is there twice; the first is in line 1")]
    [InlineData("node: [a]", "node: line 1: is not a section")]
    [InlineData("- a", "line 1: is not a section")]
    [InlineData("a: {b", "is not valid YAML")]
    [InlineData("? node\n: ? ip\n  : a: b", "node.ip: line 3: is not a single value")]
    public void MisplacedKeyIsReportedWithItsLine(string text, string shown)
    {
        var (edited, reason) = YamlEdit.Set(text, new("node", "ip", "10.0.0.1"));

        Assert.Null(edited);
        Assert.Contains(shown, reason, StringComparison.Ordinal);
        Assert.Contains("fix that first", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void TextThatCannotBeEditedSafelyIsRefused() =>
        Assert.EndsWith("add it by hand: node: {ip: 10.0.0.1}", YamlEdit.Set("--- ~\n", new("node", "ip", "10.0.0.1")).Reason,
            StringComparison.Ordinal);

    [Theory]
    [InlineData("null")]
    [InlineData("No")]
    [InlineData("1")]
    [InlineData("1e3")]
    [InlineData("0x1f")]
    [InlineData("2026-01-02")]
    [InlineData("12:30")]
    [InlineData("fe80::")]
    [InlineData("[::1]")]
    [InlineData("a b")]
    [InlineData(" a")]
    [InlineData("a #b")]
    [InlineData("\\\"'")]
    [InlineData("/etc/\u00fcml\u2028\uFEFF\U0001F600.pem")]
    public void AmbiguousValueIsQuoted(string value)
    {
        var text = YamlEdit.Set("", new("node", "ip", value)).Text!;

        Assert.Contains("ip: \"", text, StringComparison.Ordinal);
        Assert.Equal(value, YamlReader.Parse(text, YamlLimits.Agent).Root!.Members[0].Value.Members[0].Value.Text);
    }

    [Theory]
    [InlineData("https://smm.example.com:8443")]
    [InlineData("2001:db8::1")]
    [InlineData("/etc/smm/dashboard-ca.pem")]
    [InlineData("analytics-v0")]
    public void OrdinaryValueIsNotQuoted(string value) =>
        Assert.Equal($"node:\n  ip: {value}\n", YamlEdit.Set("", new("node", "ip", value)).Text);
}
