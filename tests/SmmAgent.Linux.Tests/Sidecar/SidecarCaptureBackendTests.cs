using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Firewall;
using SmmAgent.Linux.Sidecar;
using SmmAgent.Linux.Tests.Firewall;

namespace SmmAgent.Linux.Tests.Sidecar;

public sealed class SidecarCaptureBackendTests
{
    [Theory]
    [InlineData(Backend.Nft)]
    [InlineData(Backend.Legacy)]
    public async Task CaptureIsFoundAndRemovedInEachBackend(string backend)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var network = await FirewallNamespace.CreateAsync();
        var capture = new SidecarCapture(network.Runner, network.ProcNet);
        Assert.False(await capture.IsInPlaceAsync(cancel));

        await network.ShellAsync(
            $"""
            for tool in iptables{backend} ip6tables{backend}; do
                $tool -t nat -N ISTIO_OUTPUT
                $tool -t nat -A OUTPUT -p tcp -j ISTIO_OUTPUT
                $tool -t nat -A ISTIO_OUTPUT -p tcp -j REDIRECT --to-ports 15001
            done
            """);
        Assert.True(await capture.IsInPlaceAsync(cancel));

        Assert.Null(await capture.RemoveAsync(cancel));
        Assert.False(await capture.IsInPlaceAsync(cancel));
    }

    [Theory]
    [InlineData(Backend.Nft, "nft")]
    [InlineData(Backend.Legacy, "legacy")]
    public async Task TproxyAndTheZonesOfDnsArePartOfTheCapture(string backend, string name)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var network = await FirewallNamespace.CreateAsync();
        var capture = new SidecarCapture(network.Runner, network.ProcNet);
        foreach (var (table, chain) in new[] { ("mangle", "ISTIO_INBOUND"), ("raw", "ISTIO_OUTPUT_DNS") })
        {
            await network.ShellAsync(
                $"""
                iptables{backend} -t {table} -N {chain}
                iptables{backend} -t {table} -A PREROUTING -p tcp -m comment --comment "two words" -j {chain}
                """);
            Assert.Equal([name], await capture.BackendsAsync(cancel));

            Assert.Null(await capture.RemoveAsync(name, cancel));
            Assert.Empty(await capture.BackendsAsync(cancel));
        }
    }

    [Fact]
    public async Task TablesThatIstioMakesInNftablesAreSeenAndRemovedAndNoOthers()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var network = await FirewallNamespace.CreateAsync();
        var capture = new SidecarCapture(network.Runner, network.ProcNet);
        await network.ShellAsync(
            """
            nft add table inet mine
            nft add table inet istio-proxy-raw
            nft add table inet istio-proxy-nat
            nft add chain inet istio-proxy-nat output '{ type nat hook output priority -100; }'
            nft add rule inet istio-proxy-nat output tcp dport 80 redirect to :15001
            """);
        Assert.Equal(["native-nft"], await capture.BackendsAsync(cancel));

        Assert.Null(await capture.RemoveAsync("native-nft", cancel));

        Assert.Equal("table inet mine\n", await network.RunAsync("nft", "list", "tables"));
    }

    [Fact]
    public async Task OneOfTwoCapturesCanBeRemoved()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var network = await FirewallNamespace.CreateAsync();
        var capture = new SidecarCapture(network.Runner, network.ProcNet);
        await network.ShellAsync(
            "for tool in iptables-nft iptables-legacy; do "
            + "$tool -t nat -N ISTIO_OUTPUT; $tool -t nat -A OUTPUT -p tcp -j ISTIO_OUTPUT; done");
        Assert.Equal(["legacy", "nft"], await capture.BackendsAsync(cancel));

        Assert.Null(await capture.RemoveAsync("legacy", cancel));

        Assert.Equal(["nft"], await capture.BackendsAsync(cancel));
    }

    [Fact]
    public async Task UnreadableCaptureIsNotReportedAsRemoved()
    {
        await using var network = await FirewallNamespace.CreateAsync();
        var capture = new SidecarCapture(new CommandRunner(prefix: ["false"]), network.ProcNet);

        Assert.NotNull(await capture.RemoveAsync(TestContext.Current.CancellationToken));
    }
}
