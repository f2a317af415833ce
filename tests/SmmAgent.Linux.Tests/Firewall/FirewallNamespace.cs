using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Firewall;
using SmmAgent.Linux.Locks;

namespace SmmAgent.Linux.Tests.Firewall;

/// <summary>
/// A network namespace of the test's own. Needs root and the Debian packages iproute2, iptables, nftables and util-linux.
/// </summary>
internal sealed partial class FirewallNamespace : IAsyncDisposable
{
    private const int CloneNewNet = 0x40000000;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-agent-test-");
    private readonly Process _keeper;

    private FirewallNamespace(string name, Process keeper)
    {
        (Name, _keeper) = (name, keeper);
        Runner = RunnerWith();
        Lock = new(Path.Combine(_folder.FullName, "smm-agent.lock"), TimeProvider.System);
    }

    public string Name { get; }

    public CommandRunner Runner { get; }

    public AgentLock Lock { get; }

    public string XtablesLock => Path.Combine(_folder.FullName, "xtables.lock");

    public string Folder => _folder.FullName;

    public static async Task<FirewallNamespace> CreateAsync()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, for a network namespace");
        var name = $"smm{Guid.NewGuid():N}"[..15];
        var added = await new CommandRunner().RunAsync(["ip", "netns", "add", name], default);
        Assert.SkipUnless(added.Succeeded, "network namespaces are not to be had here");

        // A process in the namespace: its /proc/PID/net is the namespace's.
        var keeper = Process.Start(
            new ProcessStartInfo("ip", ["netns", "exec", name, "sh", "-c", "ip link set lo up; echo ready; exec sleep infinity"])
            {
                RedirectStandardOutput = true,
            })!;
        Assert.Equal("ready", await keeper.StandardOutput.ReadLineAsync());
        return new(name, keeper);
    }

    /// <summary>A runner whose commands run in the namespace, behind a further prefix.</summary>
    public CommandRunner RunnerWith(params string[] prefix) =>
        new(new Dictionary<string, string> { ["XTABLES_LOCKFILE"] = XtablesLock }, ["ip", "netns", "exec", Name, .. prefix]);

    public string ProcNet => $"/proc/{_keeper.Id}/net";

    public HostFirewall Host(string variant) => new(Runner, variant, ProcNet);

    /// <summary>A pass as a process of its own would do it: the lock is opened anew for each.</summary>
    public FirewallReconciler Pass(string variant) => new(Host(variant), new StubFirewalld(), Lock, isRoot: true);

    /// <summary>Runs a command that must succeed.</summary>
    public async Task<string> RunAsync(params string[] arguments)
    {
        var result = await Runner.RunAsync(arguments, TestContext.Current.CancellationToken);
        Assert.True(result.Succeeded, result.Describe());
        return result.Output;
    }

    /// <summary>Runs lines of a shell, as an operator would type them.</summary>
    public Task<string> ShellAsync(string lines) => RunAsync("sh", "-ec", lines);

    /// <summary>What <c>-save</c> shows, without the lines that hold the time, and without counters.</summary>
    public async Task<string> SaveAsync(string variant, IpFamily family = IpFamily.IPv4)
    {
        var saved = await RunAsync(new FilterTool(family, variant).Save, "-t", "filter");
        return string.Join(
            '\n', saved.Split('\n').Where(line => !line.StartsWith('#'))
            .Select(line => line.StartsWith(':') ? line[..line.IndexOf('[')] : line));
    }

    /// <summary>A socket that belongs to the namespace.</summary>
    public Socket NewSocket(AddressFamily family)
    {
        Socket? socket = null;
        var thread = new Thread(() =>
        {
            using var handle = File.OpenHandle($"/run/netns/{Name}");
            if (SetNamespace(handle, CloneNewNet) == 0)
                socket = new(family, SocketType.Stream, ProtocolType.Tcp);
        });
        thread.Start();
        thread.Join();
        return socket ?? throw new InvalidOperationException($"cannot enter {Name}");
    }

    /// <summary>Accepts connections on a port until it is disposed of.</summary>
    public IDisposable Listen(int port)
    {
        var listener = NewSocket(AddressFamily.InterNetworkV6);
        listener.DualMode = true;
        listener.Bind(new IPEndPoint(IPAddress.IPv6Any, port));
        listener.Listen(1024);
        _ = AcceptAsync(listener);
        return listener;
    }

    /// <summary>
    /// Whether a connection is accepted. A firewall that rejects is seen at once; one that drops after <paramref name="seconds"/>.
    /// </summary>
    public async Task<bool> ReachesAsync(string address, int port, double seconds = 10)
    {
        var target = IPAddress.Parse(address);
        using var socket = NewSocket(target.AddressFamily);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        try
        {
            await socket.ConnectAsync(new IPEndPoint(target, port), deadline.Token);
            return true;
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _keeper.Kill();
        await _keeper.WaitForExitAsync();
        _keeper.Dispose();
        await new CommandRunner().RunAsync(["ip", "netns", "del", Name], default);
        _folder.Delete(recursive: true);
    }

    private static async Task AcceptAsync(Socket listener)
    {
        try
        {
            while (true)
                (await listener.AcceptAsync()).Dispose();
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
        }
    }

    [LibraryImport("libc", EntryPoint = "setns")]
    private static partial int SetNamespace(SafeFileHandle handle, int type);
}
