using SmmAgent.Core.Settings;

namespace SmmAgent.Core.Tests.Yaml;

/// <summary>A syntax error of agent.yaml names the line that an editor shows.</summary>
public sealed class YamlSyntaxTests
{
    [Theory]
    [InlineData("dashboard:\n\turl: https://x\n", 2)]
    [InlineData("uuid: x\nnode:\n\tip: auto\n", 3)]
    [InlineData("# settings\n\n\t\n\t# more\nnode:\n\n\tip: auto\n", 7)]
    [InlineData("uuid: x\n\tselfUpgrade: on\n", 2)]
    [InlineData("node:\n  ip: auto\n\tmore: 1\n", 3)]
    [InlineData("node:\n  addressProviders:\n  - https://a\n\t- https://b\n", 4)]
    [InlineData("uuid: x\nnode:\n  ip: \"auto\nfirewall:\n  mode: off\n", 3)]
    [InlineData("uuid: x\nnode:\n  ip: 'auto\nfirewall:\n  mode: off\n", 3)]
    [InlineData("uuid: x\nfirewall:\n  managementPorts: [16400, 16401\nnode: {ip: auto}\n", 3)]
    [InlineData("uuid: x\nfirewall: {mode: off\nnode:\n  ip: auto\n", 2)]
    [InlineData("uuid: x\nfirewall: {managementPorts: [1, 2], mode: off\nselfUpgrade: on\n", 2)]
    [InlineData("node:\n  ip: auto\n more: 1\n", 3)]
    [InlineData("node:\n  ip: auto\n    more: 1\n", 3)]
    [InlineData("uuid: x\nselfUpgrade on\nnode: {}\n", 2)]
    [InlineData("uuid: x\nselfUpgrade: @on\n", 2)]
    [InlineData("uuid: x\nnode: {ip: auto}}\n", 2)]
    [InlineData("uuid: x\nnode: \"\\q\"\n", 2)]
    public void SyntaxErrorNamesTheLineThatAnEditorShows(string yaml, int line)
    {
        Assert.Equal($"line {line}", LineOf(yaml));
        Assert.Equal($"line {line}", LineOf(yaml.Replace("\n", "\r\n", StringComparison.Ordinal)));
        Assert.Equal($"line {line}", LineOf("\uFEFF" + yaml));
    }

    [Fact]
    public void ErrorInsideABracketNamesBothLines()
    {
        var fault = Assert.Single(SettingsReader.Read("firewall:\n  managementPorts: [16400,\n    x\n").Errors).Reason;

        Assert.Contains("'[' of line 2", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("uuid: x\nnode:\n  ip: auto\n  ip: auto\n", "line 4: is there twice; the first is in line 3")]
    [InlineData("a: &x 1\n", "line 1: uses a YAML anchor")]
    public void ErrorOfTheContentNamesItsLine(string yaml, string shown) =>
        Assert.Contains(SettingsReader.Read(System.Text.Encoding.UTF8.GetBytes(yaml)).Errors,
            fault => fault.Reason.StartsWith(shown, StringComparison.Ordinal));

    private static string LineOf(string yaml) =>
        Assert.Single(SettingsReader.Read(System.Text.Encoding.UTF8.GetBytes(yaml)).Errors).Reason.Split(':')[0];
}
