using System.Net;
using SmmAgent.Core.Address;
using SmmAgent.Core.Settings;

namespace SmmAgent.Core.Tests.Address;

public sealed class LastKnownAddressTests
{
    private static readonly IPAddress Value = IPAddress.Parse("198.18.0.1");
    private static readonly LastKnownAddress FromProvider = new(Value, "https://a.example/ip", null, default);
    private static readonly LastKnownAddress Routed = new(Value, "route", "network1", default);

    private static readonly AgentSettings Settings =
        new() { AddressProviders = [new("https://a.example/ip"), new("https://b.example/ip")] };

    [Fact]
    public void AddressOfAProviderFitsWhileTheProviderIsInTheList()
    {
        Assert.True(FromProvider.Fits(Settings, MeshConfigs.Of("vm-network-1")));
        Assert.True(FromProvider.Fits(Settings, null));
        Assert.False(FromProvider.Fits(Settings with { AddressProviders = [new("https://b.example/ip")] }, null));
    }

    [Fact]
    public void AddressOfAProviderDoesNotFitTheSameNetworkModel() => Assert.False(FromProvider.Fits(Settings, MeshConfigs.Of("network1")));

    [Fact]
    public void RouteFitsOnlyItsNetwork()
    {
        Assert.True(Routed.Fits(Settings, MeshConfigs.Of("network1")));
        Assert.False(Routed.Fits(Settings, MeshConfigs.Of("vm-network-1")));
        Assert.False((Routed with { Network = "network2" }).Fits(Settings, MeshConfigs.Of("network1")));
    }

    [Fact]
    public void LastKnownAddressNeverFitsAConfiguredAddress() => Assert.False(FromProvider.Fits(Settings with { NodeIp = Value }, null));
}
