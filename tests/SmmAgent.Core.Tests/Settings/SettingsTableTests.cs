using System.Text;
using SmmAgent.Core.Settings;

namespace SmmAgent.Core.Tests.Settings;

public sealed class SettingsTableTests
{
    [Fact]
    public void TableHasEverySettingInTheOrderOfTheFile()
    {
        var dotted = SettingsKeys.All.Where(key => key.Contains('.', StringComparison.Ordinal)).ToList();
        var single = SettingsKeys.All.Except(dotted)
            .Where(key => !dotted.Any(other => other.StartsWith(key + ".", StringComparison.Ordinal)));

        Assert.Equal(dotted.Concat(single), SettingsTable.Rows(new AgentSettings()).Select(setting => setting.Key));
    }

    [Fact]
    public void ValueIsFormattedAsInTheFileWithoutTheKeyOfAProvider()
    {
        var settings = SettingsReader.Read("""
            dashboard: {url: "https://smm.example.com"}
            node: {ip: 10.1.2.3, addressProviders: ["https://ip.example/v1?key=abc"]}
            firewall: {mode: off, managementPorts: [16400, 16401]}
            """).Settings!;
        var table = SettingsTable.Rows(settings).ToDictionary(setting => setting.Key, setting => setting.Value);

        Assert.Equal("https://smm.example.com", table["dashboard.url"]);
        Assert.Equal("10.1.2.3", table["node.ip"]);
        Assert.Equal("[https://ip.example/v1?[redacted]]", table["node.addressProviders"]);
        Assert.Equal("off", table["firewall.mode"]);
        Assert.Equal("[16400, 16401]", table["firewall.managementPorts"]);
        Assert.Equal("-", table["uuid"]);
    }

    [Fact]
    public void EachSettingIsFoundAtItsLine()
    {
        var lines = SettingsOrigins.Lines(Encoding.UTF8.GetBytes("""
            # mine
            dashboard:
              url: https://smm.example.com

              caFile:
            node: {ip: auto}
            uuid: 0327b100-a008-4364-a2b3-7d1777bb5b9a
            firewall:
              managementPorts:
                - 16400
            """));

        Assert.Equal(3, lines["dashboard.url"]);
        Assert.False(lines.ContainsKey("dashboard.caFile"));
        Assert.Equal(6, lines["node.ip"]);
        Assert.Equal(7, lines["uuid"]);
        Assert.Equal(9, lines["firewall.managementPorts"]);
    }

    [Fact]
    public void FileThatIsNotYamlHasNoLines() => Assert.Empty(SettingsOrigins.Lines("node: {ip"u8));

    [Fact]
    public void ReadableSettingsAreAvailableDespiteAnError()
    {
        var reading = SettingsReader.Read("firewall: {mode: of}\nnode: {ip: 10.1.2.3}\n");

        Assert.Null(reading.Settings);
        Assert.Equal("10.1.2.3", reading.Readable.NodeIp!.ToString());
        Assert.Equal(ManagementMode.Manage, reading.Readable.FirewallMode);
    }
}
