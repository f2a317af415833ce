using SmmAgent.Contract;
using IstioStandIn;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Packages;

namespace SmmAgent.Linux.Tests.Packages;

/// <summary>A host with the stand-in package, and a second one that it has connections to.</summary>
public abstract class IstioStandInFixture : IAsyncDisposable
{
    protected const string Vm = "10.77.0.1";
    protected const string Peer = "10.77.0.2";

    private protected PackageHostRoot Host { get; } = new();

    protected string VmNetwork { get; } = $"smmv{Guid.NewGuid():N}"[..12];

    protected string PeerNetwork { get; } = $"smmp{Guid.NewGuid():N}"[..12];

    private readonly List<System.Diagnostics.Process> _running = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _running)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            process.Dispose();
        }

        foreach (var network in (string[])[VmNetwork, PeerNetwork])
            await new CommandRunner().RunAsync(["ip", "netns", "del", network], CancellationToken.None);
        Host.Dispose();
        GC.SuppressFinalize(this);
    }

    protected async Task InstallAsync()
    {
        var offered = new SmmAgent.Contract.Package
        {
            Name = IstioSidecarPackage.Name, Version = "1.15.3", Format = PackageFormat.Deb,
            Architecture = "amd64", Path = "/p"
        };
        Assert.Null(Host.Cache.Prepare());
        IstioSidecarPackage.Build(Host.Cache.Folder, "1.15.3");
        // The package depends on sudo, like Istio's, but this host need not have it.
        if (!File.Exists("/usr/bin/sudo"))
            OfferSudo();

        var outcome = await Host.InstallAsync(Host.Installer("apt-get", "deb"), Host.Sealed(offered));

        Assert.Equal(new InstallOutcome.Installed("1.15.3", null), outcome);
    }

    protected async Task WithNetworkAsync(Func<Task> test)
    {
        var runner = new CommandRunner();
        Assert.True((await runner.RunAsync(["ip", "netns", "add", VmNetwork], TestContext.Current.CancellationToken)).Succeeded);
        try
        {
            // With a global IPv4 address, Istio does not change IPv6.
            await InAsync(VmNetwork, "ip", "link", "add", "vm", "type", "veth", "peer", "name", "peer");
            await InAsync(VmNetwork, "ip", "address", "add", $"{Vm}/24", "dev", "vm");
            await InAsync(VmNetwork, "ip", "link", "set", "lo", "up");
            await test();
        }
        finally
        {
            await runner.RunAsync(["ip", "netns", "del", VmNetwork], CancellationToken.None);
        }
    }

    // As the agent writes it to cluster.env.
    private protected Task<CommandResult> TryCaptureAsync(string command, params string[] settings) => new CommandRunner().RunAsync(
        [
            "ip", "netns", "exec", VmNetwork, "chroot", Host.Inside(""), "env", "ISTIO_META_DNS_CAPTURE=true", "ISTIO_SERVICE_CIDR=*",
                "ISTIO_INBOUND_PORTS=8080,8082",
            "ISTIO_LOCAL_EXCLUDE_PORTS=22,15090,15021,15020,16400,16401", .. settings, "/usr/local/bin/pilot-agent", command,
        ],
        TestContext.Current.CancellationToken);

    protected async Task CaptureAsync(string command, params string[] settings)
    {
        var result = await TryCaptureAsync(command, settings);
        Assert.True(result.Succeeded, result.Describe() + result.Output);
    }

    // On a host where istio-proxy has the ids of the record.
    protected async Task<string> AsRecordedAsync(string save)
    {
        var ids = (await InAsync(VmNetwork, "chroot", Host.Inside(""), "sh", "-c", "id -u istio-proxy; id -g istio-proxy")).Split('\n');
        var rules = await InAsync(VmNetwork, save.Split(' '));
        foreach (var (name, id) in (ReadOnlySpan<(string, string)>)[
            ("uid-owner ", ids[0]), ("gid-owner ", ids[1]), ("skuid ", ids[0]), ("skuid != ", ids[0]), ("skgid ", ids[1]),
                ("skgid != ", ids[1])])
            rules = rules.Replace($"{name}{id} ", $"{name}996 ", StringComparison.Ordinal);
        return rules;
    }

    protected async Task<string> AllRulesAsync()
    {
        var all = "";
        foreach (var save in (string[])[
            "iptables-legacy-save", "ip6tables-legacy-save", "iptables-nft-save", "ip6tables-nft-save", "nft list ruleset"])
            all += await InAsync(VmNetwork, save.Split(' '));
        return all;
    }

    private protected Task<CommandResult> LookUpAsync(string name) => new CommandRunner().RunAsync(
        ["ip", "netns", "exec", VmNetwork, "chroot", Host.Inside(""), "getent", "ahostsv4", name], TestContext.Current.CancellationToken,
        timeout: TimeSpan.FromMinutes(1));

    protected void OfferSudo()
    {
        var folder = $"{Host.Shared}/sudo";
        Directory.CreateDirectory($"{folder}/DEBIAN");
        File.WriteAllText($"{folder}/DEBIAN/control",
            "Package: sudo\nVersion: 1\nArchitecture: all\nMaintainer: t <t@example.com>\nDescription: an empty one\n");
        BuiltPackage.Run("dpkg-deb", "-b", folder, $"{folder}.deb");
        BuiltPackage.Run([.. Host.Prefix, "dpkg", "-i", $"{folder}.deb"]);
    }

    protected async Task ConnectNetworksAsync()
    {
        var runner = new CommandRunner();
        foreach (var network in (string[])[VmNetwork, PeerNetwork])
            Assert.True((await runner.RunAsync(["ip", "netns", "add", network], TestContext.Current.CancellationToken)).Succeeded);
        await InAsync(VmNetwork, "ip", "link", "add", "vm", "type", "veth", "peer", "name", "peer", "netns", PeerNetwork);
        foreach (var (network, link, address) in (ReadOnlySpan<(string, string, string)>)[
            (VmNetwork, "vm", Vm), (PeerNetwork, "peer", Peer)])
        {
            BuiltPackage.Run("ip", "-n", network, "address", "add", $"{address}/24", "dev", link);
            BuiltPackage.Run("ip", "-n", network, "link", "set", link, "up");
            BuiltPackage.Run("ip", "-n", network, "link", "set", "lo", "up");
        }
    }

    protected void Serve(string network, int port) =>
        Start(network, "socat", $"TCP-LISTEN:{port},fork,reuseaddr", $"SYSTEM:echo served by {port}");

    protected System.Diagnostics.Process Start(string network, params string[] command)
    {
        var process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("ip", ["netns", "exec", network, .. command]))!;
        _running.Add(process);
        return process;
    }

    protected static async Task<string> InAsync(string network, params string[] command)
    {
        var result = await new CommandRunner().RunAsync(
            ["ip", "netns", "exec", network, .. command], TestContext.Current.CancellationToken);
        Assert.True(result.Succeeded, result.Describe());
        return result.Output;
    }

    protected Task UntilAsync(string network, string address, int port, string request, string shown) => Until.TrueAsync(
        () => AskAsync(network, address, port, request).GetAwaiter().GetResult().Contains(shown, StringComparison.Ordinal),
        $"{address}:{port} answers", TimeSpan.FromMinutes(1), () => File.ReadAllText(Host.Inside("/var/log/istio/istio.err.log")));

    /// <summary>The answer; empty where no server is reached.</summary>
    protected static async Task<string> AskAsync(string network, string address, int port, string request) =>
        (await new CommandRunner().RunAsync(
            ["ip", "netns", "exec", network, "socat", "-t5", "-", $"TCP:{address}:{port},connect-timeout=5"],
            TestContext.Current.CancellationToken, input: request, timeout: TimeSpan.FromSeconds(30))).Output;
}
