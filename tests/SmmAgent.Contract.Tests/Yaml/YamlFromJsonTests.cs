using System.Text.Json;
using SmmAgent.Contract.Yaml;

namespace SmmAgent.Contract.Tests.Yaml;

public sealed class YamlFromJsonTests
{
    [Fact]
    public void MembersKeepTheirOrderAndTheirTypes() => Assert.Equal(
        """
        name: vm
        count: 3
        ratio: 1.5
        open: true
        since: null
        none: []
        nothing: {}
        ports:
        - 80
        - "443"
        conditions:
        - type: Healthy
          status: "True"
          places:
          - a
        - - 1
          - 2
        address:
          value: "10.0.0.1"

        """,
        Write("""
            {"name":"vm","count":3,"ratio":1.5,"open":true,"since":null,"none":[],"nothing":{},"ports":[80,"443"],
             "conditions":[{"type":"Healthy","status":"True","places":["a"]},[1,2]],"address":{"value":"10.0.0.1"}}
            """));

    [Theory]
    [InlineData("")]
    [InlineData("no")]
    [InlineData("off")]
    [InlineData("null")]
    [InlineData("~")]
    [InlineData("1e3")]
    [InlineData("12:30")]
    [InlineData("2026-01-02")]
    [InlineData("- a")]
    [InlineData("a: b")]
    [InlineData("a #b")]
    [InlineData("it's \"quoted\" \\ here")]
    [InlineData("two\nlines\t")]
    [InlineData(" space ")]
    [InlineData("\u00e4\u65e5\ud83d\ude00\u202e\u0085")]
    public void EveryStringIsReadBackAsTheSameString(string text)
    {
        var yaml = Write(JsonSerializer.Serialize(new Dictionary<string, string[]> { [text.Length == 0 ? "x" : text] = [text] }));

        var (root, error) = YamlReader.Parse(yaml, YamlLimits.Agent);
        Assert.Null(error);
        var member = Assert.Single(root!.Members);
        Assert.Equal(text.Length == 0 ? "x" : text, member.Key);
        Assert.Equal((YamlKind.Text, text), (member.Value.Items[0].Kind, member.Value.Items[0].Text));
    }

    [Theory]
    [InlineData("[]", "[]\n")]
    [InlineData("{}", "{}\n")]
    [InlineData("7", "7\n")]
    public void RootMayBeAnything(string json, string yaml) => Assert.Equal(yaml, Write(json));

    private static string Write(string json)
    {
        using var document = JsonDocument.Parse(json);
        return YamlFromJson.Write(document.RootElement);
    }
}
