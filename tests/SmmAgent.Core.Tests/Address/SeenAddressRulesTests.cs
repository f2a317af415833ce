using System.Net;
using SmmAgent.Core.Address;
using SmmAgent.Core.Network;

namespace SmmAgent.Core.Tests.Address;

public sealed class SeenAddressRulesTests
{
    private const string Url = "https://ifconfig.me/ip";

    private static readonly IReadOnlyList<IPAddress> Own = [IPAddress.Parse("10.0.0.7"), IPAddress.Parse("fd00::7")];

    [Theory]
    // A public address, and the VM's own of any class.
    [InlineData("3.67.91.181", "connection", false, null, "3.67.91.181")]
    [InlineData("::ffff:3.67.91.181", "connection", false, null, "3.67.91.181")]
    [InlineData("2a01::1", "connection", false, null, "2a01::1")]
    [InlineData("10.0.0.7", "connection", false, null, "10.0.0.7")]
    [InlineData("fd00::7", "connection", false, null, "fd00::7")]
    [InlineData("3.67.91.181", "forwarded", true, null, "3.67.91.181")]
    [InlineData("10.0.0.7", "forwarded", true, null, "10.0.0.7")]
    // A node of the cluster in the VM's network that replaced the source address.
    [InlineData("10.0.0.8", "connection", false, null, "dashboard sees another address than those of this VM: '10.0.0.8' is")]
    [InlineData("192.168.1.1", "connection", false, null, "sees another address than those of this VM")]
    [InlineData("127.0.0.1", "connection", false, null, "sees another address than those of this VM")]
    [InlineData("169.254.169.254", "forwarded", true, null, "sees another address than those of this VM")]
    [InlineData("3.67.91.181", "connection", true, null, "sees 3.67.91.181, but the request came through a proxy")]
    [InlineData("3.67.91.181", "connection", false, "no dial-back", "sees 3.67.91.181, but no dial-back")]
    [InlineData("nonsense", "connection", false, null, "answered 'nonsense', which is not an IP address")]
    [InlineData("7", "connection", false, null, "answered '7', which is not an IP address")]
    public void AddressIsUsedIfItIsPublicOrTheVmsOwn(string address, string source, bool viaProxy, string? problem, string expected)
    {
        var result = SeenAddressRules.Evaluate(new(address, source, viaProxy, problem), Own);

        Assert.Equal("dashboard", result.Provider);
        if (result.Address is { } found)
            Assert.Equal(expected, found.ToString());
        else
            Assert.Contains(expected, $"{result.Provider} {result.Problem}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.0.0.7", null, null, true)]
    [InlineData("10.0.0.7", "10.0.0.7", Url, true)]
    [InlineData("10.0.0.7", "10.0.0.9", "dashboard", true)]
    [InlineData("10.0.0.7", "10.0.0.9", Url, false)]
    [InlineData("fd00::7", null, null, false)]
    // Not one of the VM's own: perhaps that of a gateway in front of the dashboard.
    [InlineData("3.67.91.181", null, null, false)]
    [InlineData("3.67.91.181", "3.67.91.181", "dashboard", false)]
    public void OtherProvidersAreAskedBeforeTheAddressChanges(string address, string? lastKnown, string? source, bool isSufficient) =>
        Assert.Equal(isSufficient, SeenAddressRules.IsSufficient(
            Answered(address), Own, lastKnown is null ? null : new(IPAddress.Parse(lastKnown), source!, null, default)));

    [Theory]
    [InlineData(true, "3.67.91.181", "dashboard, https://ifconfig.me/ip")]
    [InlineData(false, "3.67.91.181", "https://ifconfig.me/ip, dashboard")]
    [InlineData(true, "2a01::1", "https://ifconfig.me/ip, dashboard")]
    public void OrderIsThatOfTheSettingsExceptForIPv6(bool isFirst, string address, string expected)
    {
        AddressProvider[] providers = isFirst ? [AddressProvider.Dashboard, new(Url)] : [new(Url), AddressProvider.Dashboard];

        var results = SeenAddressRules.Order(providers, Answered(address), [ProviderResult.NoAnswer(Url, "timed out")]);

        Assert.Equal(expected, string.Join(", ", results.Select(result => result.Provider)));
    }

    [Fact]
    public void RefusalOfTheDashboardIsReportedOnlyWithoutAnAnswer()
    {
        AddressProvider[] providers = [AddressProvider.Dashboard, new(Url)];
        var refused = ProviderResult.Refused("dashboard", "sees a proxy");
        var answered = ProviderResult.Answered(Url, IPAddress.Parse("3.67.91.181"));

        Assert.Equal([answered], SeenAddressRules.Order(providers, refused, [answered]));
        Assert.Equal([answered], SeenAddressRules.Order(providers, null, [answered]));
        Assert.Contains(refused, SeenAddressRules.Order(providers, refused, [ProviderResult.NoAnswer(Url, "timed out")]));
    }

    [Fact]
    public void DecisionNamesTheDashboard()
    {
        var state = AddressDecision.FromProviders([Answered("3.67.91.181")], null);

        Assert.Equal("dashboard", state.Address!.Source);
        Assert.Equal("3.67.91.181, as the dashboard sees it", state.AddressKnown.Message);
    }

    private static ProviderResult Answered(string address) => ProviderResult.Answered("dashboard", IPAddress.Parse(address));
}
