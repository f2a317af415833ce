using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Linux.Sidecar;
using SmmAgent.Linux.Tests.Firewall;
using Inside = SmmAgent.Linux.Tests.Events.ThreadNamespace;

namespace SmmAgent.Linux.Tests.Sidecar;

/// <summary>
/// The sidecar's capture of traffic, with the real iptables in a network namespace. The sidecar's own clean-up program is not on this host.
/// </summary>
public sealed class SidecarCaptureTests
{
    private const string Capture = """
        for iptables in iptables ip6tables; do
            for chain in ISTIO_INBOUND ISTIO_IN_REDIRECT ISTIO_OUTPUT; do $iptables -t nat -N $chain; done
            $iptables -t nat -A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15006
            $iptables -t nat -A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT
            $iptables -t nat -A PREROUTING -p tcp -j ISTIO_INBOUND
            $iptables -t nat -A OUTPUT -p tcp -j ISTIO_OUTPUT
            $iptables -t nat -A OUTPUT -p udp -m udp --dport 53 -j ISTIO_OUTPUT
        done
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task JumpsToTheChainsOfTheSidecarAreFoundAndRemovedWithoutItsOwnProgram()
    {
        await using var host = await FirewallNamespace.CreateAsync();
        var capture = new SidecarCapture(host.Runner);
        await host.ShellAsync("iptables -t nat -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080\n" + Capture);
        Assert.True(await capture.IsInPlaceAsync(Cancel));

        Assert.Null(await capture.RemoveAsync(Cancel));

        Assert.False(await capture.IsInPlaceAsync(Cancel));
        foreach (var save in (string[])["iptables-save", "ip6tables-save"])
            Assert.DoesNotContain((await host.RunAsync(save)).Split('\n'), line => line.StartsWith("-A OUTPUT", StringComparison.Ordinal));
        Assert.Equal(
            ["-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080"],
            (await host.RunAsync("iptables-save")).Split('\n').Where(line => line.StartsWith("-A PREROUTING", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task SidecarsOwnProgramSourcesNothingThatItsUserCanWrite()
    {
        var environment = Path.GetTempFileName();
        try
        {
            var capture = new SidecarCapture(
                new(prefix: ["sh", "-c", $"[ \"$*\" != '/usr/local/bin/istio-start.sh clean' ] || env >{environment}", "sh"]));

            await capture.RemoveAsync(Cancel);

            var lines = await File.ReadAllLinesAsync(environment, Cancel);
            Assert.All(SidecarFiles.StartEnvironment, variable => Assert.Contains($"{variable.Key}={variable.Value}", lines));
        }
        finally
        {
            File.Delete(environment);
        }
    }

    [Theory]
    [InlineData("two words")]
    [InlineData("-j ISTIO_OUTPUT")]
    [InlineData("-j")]
    [InlineData("a\t-j ISTIO_OUTPUT \"x\" \\ 'y'")]
    [InlineData("\" -j ISTIO_OUTPUT --comment \"")]
    [InlineData("! -g ISTIO_OUTPUT")]
    public async Task CommentIsNotPartOfTheCaptureAndDoesNotPreventItsRemoval(string comment)
    {
        await using var host = await FirewallNamespace.CreateAsync();
        var capture = new SidecarCapture(host.Runner);
        await host.RunAsync("iptables", "-t", "nat", "-A", "OUTPUT", "-m", "comment", "--comment", comment, "-j", "ACCEPT");
        Assert.False(await capture.IsInPlaceAsync(Cancel));
        var before = await host.RunAsync("nft", "list", "chain", "ip", "nat", "OUTPUT");

        await host.RunAsync("iptables", "-t", "nat", "-N", "ISTIO_OUTPUT");
        await host.RunAsync("iptables", "-t", "nat", "-A", "OUTPUT", "-p", "tcp", "-m", "comment", "--comment", comment, "-j",
            "ISTIO_OUTPUT");
        Assert.True(await capture.IsInPlaceAsync(Cancel));

        Assert.Null(await capture.RemoveAsync(Cancel));
        Assert.False(await capture.IsInPlaceAsync(Cancel));
        Assert.Equal(before, await host.RunAsync("nft", "list", "chain", "ip", "nat", "OUTPUT"));
    }

    [Fact]
    public async Task CaptureInATableThatIptablesCannotShowIsFoundAndRemovedByNft()
    {
        await using var host = await FirewallNamespace.CreateAsync();
        var capture = new SidecarCapture(host.Runner);
        await host.ShellAsync(Capture + "\nnft add rule ip nat OUTPUT ct state invalid counter accept");
        Assert.Contains("is incompatible", await host.RunAsync("iptables-save"), StringComparison.Ordinal);
        Assert.True(await capture.IsInPlaceAsync(Cancel));

        Assert.Null(await capture.RemoveAsync(Cancel));

        Assert.False(await capture.IsInPlaceAsync(Cancel));
        var output = await host.RunAsync("nft", "list", "table", "ip", "nat");
        Assert.DoesNotContain("jump ISTIO_OUTPUT", output, StringComparison.Ordinal);
        Assert.DoesNotContain("jump ISTIO_INBOUND", output, StringComparison.Ordinal);
        Assert.Contains("ct state invalid", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("iptables")]
    [InlineData("ip6tables")]
    public async Task CaptureOfOneAddressFamilyIsFound(string iptables)
    {
        await using var host = await FirewallNamespace.CreateAsync();
        await host.ShellAsync($"{iptables} -t nat -N ISTIO_OUTPUT; {iptables} -t nat -A OUTPUT -p tcp -j ISTIO_OUTPUT");

        Assert.True(await new SidecarCapture(host.Runner).IsInPlaceAsync(Cancel));
    }

    [Fact]
    public async Task ChainsThatNothingJumpsToAndJumpsInOtherTablesCaptureNothing()
    {
        await using var host = await FirewallNamespace.CreateAsync();
        await host.ShellAsync("""
            iptables -t nat -N ISTIO_INBOUND
            iptables -t nat -A ISTIO_INBOUND -p tcp -j REDIRECT --to-ports 15006
            iptables -N ISTIO_MINE
            iptables -A INPUT -j ISTIO_MINE
            """);
        var before = await host.RunAsync("nft", "list", "ruleset");
        var capture = new SidecarCapture(host.Runner);

        Assert.False(await capture.IsInPlaceAsync(Cancel));
        Assert.Null(await capture.RemoveAsync(Cancel));

        Assert.Equal(before, await host.RunAsync("nft", "list", "ruleset"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-legacy")]
    public async Task ObservationCreatesNoTable(string variant)
    {
        await using var host = await FirewallNamespace.CreateAsync();
        var capture = new SidecarCapture(
            variant.Length == 0 ? host.Runner
            : host.RunnerWith("sh", "-c", $"save=${{1%-save}}{variant}-save; shift; exec $save \"$@\"", "sh"));

        Assert.False(await capture.IsInPlaceAsync(Cancel));

        Assert.Equal("", await host.RunAsync("nft", "list", "tables"));
        Assert.Equal("", await host.ShellAsync("cat /proc/net/ip_tables_names 2> /dev/null || true"));
    }

    [Fact]
    public async Task EmptyTablesThatTheCaptureLeavesAreRemoved()
    {
        using var inside = new Inside();
        await inside.RunAsync("iptables-nft -t nat -A OUTPUT -p tcp -j ACCEPT");
        await inside.RunAsync("ip6tables-nft -t nat -A OUTPUT -p tcp -j ACCEPT");
        await inside.RunAsync("iptables-nft -t nat -F");
        Assert.Equal(["ip nat", "ip6 nat"], Tables());

        inside.Start(() => SidecarCapture.RemoveTable("ip nat")).Join();
        inside.Start(() => SidecarCapture.RemoveTable("ip6 nat")).Join();

        Assert.Equal(["ip6 nat"], Tables());

        List<string> Tables()
        {
            List<string> tables = [];
            inside.Start(() => tables = SidecarCapture.Tables()).Join();
            return tables;
        }
    }
}
