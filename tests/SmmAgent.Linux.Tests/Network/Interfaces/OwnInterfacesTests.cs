using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Linux.Network.Interfaces;

namespace SmmAgent.Linux.Tests.Network.Interfaces;

public sealed class OwnInterfacesTests
{
    // The test's namespace is that of its thread.
    private const string ProcNet = "/proc/thread-self/net";

    [Fact]
    public async Task AddressesAreReadWithTheirInterfaceExceptLoopbackAndLinkLocal()
    {
        OwnNetwork.SkipUnlessAvailable();
        await OwnNetwork.RunAsync(() =>
        {
            TwoInterfaces();

            Assert.Equal(
                [("smm0", "198.18.7.1"), ("smm0", "fd00:7::1"), ("smm1", "198.18.8.1")],
                InterfaceAddresses.ReadEach().Select(own => (own.Interface, own.Address.ToString())).Order());
            Assert.Equal(["198.18.7.1", "198.18.8.1", "fd00:7::1"], InterfaceAddresses.Read());
            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task DefaultRoutesAreReadForEachFamilyExceptRejectingOnes()
    {
        OwnNetwork.SkipUnlessAvailable();
        await OwnNetwork.RunAsync(() =>
        {
            TwoInterfaces();
            OwnNetwork.Ip("-6 route add unreachable default metric 4000");
            Assert.Empty(DefaultRoutes.Read(ProcNet));

            OwnNetwork.Ip("route add default via 198.18.7.2");
            Assert.Equal([new DefaultRoute(IpFamily.IPv4, "smm0")], DefaultRoutes.Read(ProcNet));

            OwnNetwork.Ip("route add default dev smm1 metric 500");
            OwnNetwork.Ip("-6 route add default via fd00:7::2");
            Assert.Equal(
                [new(IpFamily.IPv4, "smm0"), new(IpFamily.IPv4, "smm1"), new DefaultRoute(IpFamily.IPv6, "smm0")],
                DefaultRoutes.Read(ProcNet));
            return Task.CompletedTask;
        });
    }

    private static void TwoInterfaces()
    {
        OwnNetwork.Ip("link set lo up");
        OwnNetwork.Ip("link add smm0 type veth peer name smm1");
        foreach (var address in (string[])["198.18.7.1/24 dev smm0", "fd00:7::1/64 dev smm0 nodad", "198.18.8.1/24 dev smm1"])
            OwnNetwork.Ip($"address add {address}");
        OwnNetwork.Ip("link set smm0 up");
        OwnNetwork.Ip("link set smm1 up");
    }
}
