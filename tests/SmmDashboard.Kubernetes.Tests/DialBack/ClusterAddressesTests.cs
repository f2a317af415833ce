using System.Net;
using SmmAgent.Contract;
using SmmDashboard.Kubernetes.DialBack;

namespace SmmDashboard.Kubernetes.Tests.DialBack;

/// <summary>Which addresses are the cluster's, by its objects.</summary>
public sealed class ClusterAddressesTests
{
    private static readonly ClusterAddresses Addresses = new(
        [
            new()
            {
                Metadata = new() { Name = "node-1" },
                Spec = new() { PodCidrs = ["10.244.1.0/24", "fd00:244:1::/64", "not a range"] },
                Status = new() { Addresses =
                    [new() { Address = "192.168.7.11" }, new() { Address = "2001:db8:7::11" }, new() { Address = "node-1.example.com" }] },
            },
            new() { Metadata = new() { Name = "node-2" } },
        ],
        [new() { Metadata = new() { Name = "kubernetes" }, Spec = new() { Cidrs = ["10.96.0.0/16", "fd00:96::/112"] } }],
        [new() { Metadata = new() { Name = "203.0.113.9" } }, new() { Metadata = new() { Name = "2001:db8:9::9" } }],
        [new() { Endpoints = [new() { Addresses = ["192.168.7.2", "192.168.7.3"] }] }]);

    [Theory]
    [InlineData("192.168.7.11", "it is an address of node node-1")]
    [InlineData("2001:db8:7:0:0:0:0:11", "it is an address of node node-1")]
    [InlineData("10.96.255.1", "it is in the range of Services 10.96.0.0/16 (ServiceCIDR kubernetes)")]
    [InlineData("fd00:96::1", "it is in the range of Services fd00:96::/112 (ServiceCIDR kubernetes)")]
    [InlineData("203.0.113.9", "the cluster uses it (an IPAddress object has its name)")]
    [InlineData("2001:db8:9::9", "the cluster uses it (an IPAddress object has its name)")]
    [InlineData("192.168.7.3", "it is an address of the API server")]
    public void ClusterAddressIsNamedInBothNetworkModels(string address, string reason)
    {
        Assert.Equal(reason, Addresses.ReasonInside(IPAddress.Parse(address), NetworkModel.DifferentNetwork));
        Assert.Equal(reason, Addresses.ReasonInside(IPAddress.Parse(address), NetworkModel.SameNetwork));
    }

    [Theory]
    [InlineData("10.244.1.77", "10.244.1.0/24")]
    [InlineData("fd00:244:1::77", "fd00:244:1::/64")]
    public void PodRangeCountsOnlyForVmsOfAnotherNetwork(string address, string range)
    {
        Assert.Equal($"it is in the pod range {range} of node node-1",
            Addresses.ReasonInside(IPAddress.Parse(address), NetworkModel.DifferentNetwork));
        Assert.Null(Addresses.ReasonInside(IPAddress.Parse(address), NetworkModel.SameNetwork));
    }

    [Theory]
    [InlineData("192.168.7.12")] // beside the nodes
    [InlineData("10.244.2.1")]
    [InlineData("203.0.113.10")]
    [InlineData("2001:db8:9::a")]
    public void AnyOtherAddressIsAllowedForAVm(string address)
    {
        Assert.Null(Addresses.ReasonInside(IPAddress.Parse(address), NetworkModel.DifferentNetwork));
        Assert.Null(Addresses.ReasonInside(IPAddress.Parse(address), NetworkModel.SameNetwork));
    }
}
