using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests;

/// <summary>The published agent with what stands between a VM and its dashboard.</summary>
public sealed class FrontTests(BedFixture fixture) : IClassFixture<BedFixture>
{
    private const string Name = "smm.example.test";

    // Answers 504 on a connection that was silent for the given number of seconds, as a load balancer does; else it is a pipe.
    private const string Front = """
        import socket, sys, threading
        limit = float(sys.argv[2])
        def serve(c):
            up = socket.create_connection((sys.argv[3], int(sys.argv[4])))
            def back():
                try:
                    while True:
                        up.settimeout(limit)
                        try:
                            data = up.recv(65536)
                        except socket.timeout:
                            c.sendall(b"HTTP/1.1 504 Gateway Timeout\r\nServer: front\r\nContent-Type: text/plain\r\nContent-Length: 24\r\nConnection: close\r\n\r\nupstream request timeout")
                            print("cut", flush=True)
                            break
                        if not data: break
                        c.sendall(data)
                except OSError: pass
                finally:
                    c.close()
                    up.close()
            threading.Thread(target=back, daemon=True).start()
            try:
                while True:
                    data = c.recv(65536)
                    if not data: break
                    for line in data.split(b"\r\n"):
                        if line.lower().startswith(b"prefer:"): print(line.decode(), flush=True)
                    up.sendall(data)
            except OSError: pass
        s = socket.create_server((sys.argv[1].split(":")[0], int(sys.argv[1].split(":")[1])))
        print("listens", flush=True)
        while True:
            c, _ = s.accept()
            threading.Thread(target=serve, args=(c,), daemon=True).start()
        """;

    [Fact]
    public async Task DashboardWithUnreachableFirstAddressesIsReached()
    {
        var bed = fixture.Bed;
        await using var agent = new VmAgent(bed);
        bed.Vm.SetHosts((Name, "fd00:198:18::66"), (Name, "198.18.0.66"), (Name, MeshTestbed.DashboardAddress));
        // Without an answer, not even of a router or of the neighbour discovery.
        (string Program, string Address)[] holes = [("ip6tables", "fd00:198:18::66"), ("iptables", "198.18.0.66")];
        foreach (var (program, address) in holes)
            bed.Vm.Run(program, "-w", "-I", "OUTPUT", "-d", address, "-j", "DROP");
        agent.WriteSettings(Settings(agent).Replace(MeshTestbed.DashboardAddress, Name, StringComparison.Ordinal));

        await agent.StartAndBeReadyAsync();

        await agent.UntilConditionAsync("ConfigCurrent", "True");
        await agent.UntilConditionAsync("AddressKnown", "True", "Known");
        foreach (var (program, address) in holes)
            bed.Vm.Run(program, "-w", "-D", "OUTPUT", "-d", address, "-j", "DROP");
    }

    [Fact]
    public async Task LongPollsThatAFrontEndCutsAreShortenedAndCauseNoFailure()
    {
        var bed = fixture.Bed;
        await using var front = new TestbedProcess(bed.Cluster.Inside(
            "python3", "-c", Front, $"{MeshTestbed.DashboardAddress}:8099", "12", MeshTestbed.DashboardAddress,
            new Uri(bed.DashboardUrl).Port.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        await Until.TrueAsync(() => front.Lines.Contains("listens"), "the front end listens", lastSeen: () => front.Output);
        await using var agent = new VmAgent(bed);
        agent.WriteSettings(Settings(agent)
            .Replace(bed.DashboardUrl, $"http://{MeshTestbed.DashboardAddress}:8099", StringComparison.Ordinal));
        await agent.StartAndBeReadyAsync();
        await agent.UntilConditionAsync("ConfigCurrent", "True");

        await agent.UntilAsync(() => front.Lines.Any(line => line.Contains("wait=6", StringComparison.Ordinal)),
            "the wait is shorter than the limit", TimeSpan.FromSeconds(40));

        Assert.Equal("True", agent.Condition("ConfigCurrent").Status);
        Assert.Single(front.Lines, "cut");
        await agent.UntilAsync(
            () => agent.Process!.Output.Contains("Requests to the dashboard are cut off after 1", StringComparison.Ordinal), "the report");
        Assert.DoesNotContain("ConfigCurrent is False", agent.Process!.Output, StringComparison.Ordinal);
    }

    private static string Settings(VmAgent agent) => File.ReadAllText(Path.Combine(agent.ConfigFolder, "agent.yaml"));
}
