using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests;

/// <summary>The published agent's own ports while others hold all the connections that they get.</summary>
public sealed class ListenerTests(BedFixture fixture) : IClassFixture<BedFixture>
{
    // From each address: connections that are asked on again and again, so that none is idle for long.
    private const string Holder = """
        import socket, sys, time
        held = []
        def ask(c):
            c.sendall(b"GET /healthz HTTP/1.1\r\nHost: vm\r\n\r\n")
            return c.recv(4096).startswith(b"HTTP/1.1 200")
        def connect(address):
            c = socket.socket()
            c.settimeout(5)
            c.bind((address, 0))
            c.connect((sys.argv[1], int(sys.argv[2])))
            return c
        for address in sys.argv[4:]:
            for _ in range(int(sys.argv[3])):
                c = connect(address)
                try:
                    ask(c)
                    held.append(c)
                except OSError:
                    pass
        print("held", flush=True)
        while True:
            for c in list(held):
                try:
                    if not ask(c): raise OSError
                except OSError:
                    held.remove(c)
            time.sleep(0.05)
        """;

    [Fact]
    public async Task ClusterIsServedWhileFourAddressesAndALocalUserHoldConnections()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        await agent.StartAndBeReadyAsync();
        await agent.UntilAsync(() => Firewall.Opens(bed, 16400), "16400 is open");
        string[] remote = [.. Enumerable.Range(0, 5).Select(i => $"198.18.0.{60 + i}")];
        var device = bed.Cluster.Run("sh", "-c", $"ip -o route get {MeshTestbed.VmAddress} | sed 's/.* dev \\([^ ]*\\).*/\\1/'").Trim();
        foreach (var address in remote)
            bed.Cluster.Run("ip", "addr", "add", $"{address}/24", "dev", device);

        await using (await HoldAsync(bed.Cluster, MeshTestbed.VmAddress, remote[..4]))
            Assert.Equal("200", Ask(bed, remote[4]));
        await using (await HoldAsync(bed.Vm, "127.0.0.1", [.. Enumerable.Range(1, 8).Select(i => $"127.0.1.{i}")]))
        {
            Assert.Equal("200", Ask(bed, remote[4]));
            Assert.Equal("200", bed.Vm.Run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://127.0.0.1:16400/healthz"));
        }
    }

    // Nothing of the agent reads a body or upgrades a connection.
    [Fact]
    public async Task BodiesAndUpgradesAreNeitherReadNorEndTheService()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        await agent.StartAndBeReadyAsync();

        Assert.Equal("405", Code("-X", "POST", "-d", "body"));
        Assert.Equal("413", Code("-X", "GET", "-d", "body"));
        Assert.Equal("413", Code("-X", "GET", "-d", "body", "-H", "Transfer-Encoding: chunked"));
        Assert.Equal("200", Code("-H", "Connection: Upgrade", "-H", "Upgrade: websocket"));
        Assert.Equal("405", Code("-X", "CONNECT"));
        Assert.Equal("200", Code());

        string Code(params string[] options) => bed.Vm.Run(
            ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", .. options, "http://127.0.0.1:16400/healthz"]);
    }

    private static async Task<TestbedProcess> HoldAsync(NetworkNamespace from, string to, string[] addresses)
    {
        var holder = new TestbedProcess(from.Inside(["python3", "-c", Holder, to, "16400", "16", .. addresses]));
        await Until.TrueAsync(() => holder.Lines.Contains("held"), "all connections are held", lastSeen: () => holder.Output);
        return holder;
    }

    private static string Ask(MeshTestbed bed, string from) =>
        bed.Cluster.Run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--interface", from,
            $"http://{MeshTestbed.VmAddress}:16400/healthz");
}
