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
    public async Task ACaptureIsSeenAndRemovedInWhicheverBackendItIs(string backend)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var network = await NetworkNamespace.CreateAsync();
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

    [Fact]
    public async Task WhatCannotBeSeenIsNotSaidToBeRemoved()
    {
        await using var network = await NetworkNamespace.CreateAsync();
        var capture = new SidecarCapture(new CommandRunner(prefix: ["false"]), network.ProcNet);

        Assert.NotNull(await capture.RemoveAsync(TestContext.Current.CancellationToken));
    }
}
