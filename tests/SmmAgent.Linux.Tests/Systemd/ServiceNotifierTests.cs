using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using SmmAgent.Linux.Systemd;

namespace SmmAgent.Linux.Tests.Systemd;

public sealed partial class ServiceNotifierTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("smm-notify-").FullName;

    private string SocketPath => Path.Combine(_directory, "notify");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void EveryMessageIsOneDatagramAtAPathOrAnAbstractSocket(bool isAbstract)
    {
        var name = isAbstract ? $"@smm-agent-test-{Guid.NewGuid():N}" : SocketPath;
        using var manager = Listen(isAbstract ? "\0" + name[1..] : name);
        using var notifier = ServiceNotifier.FromEnvironment(variable => variable == "NOTIFY_SOCKET" ? name : null);

        Assert.True(notifier.IsEnabled);
        Assert.True(notifier.Ready("Starting: waiting for PortsOpen"));
        Assert.True(notifier.Status("Attached"));
        Assert.True(notifier.SignOfLife());
        Assert.True(notifier.Stopping("Stopping"));

        Assert.Equal("READY=1\nSTATUS=Starting: waiting for PortsOpen", Receive(manager));
        Assert.Equal("STATUS=Attached", Receive(manager));
        Assert.Equal("WATCHDOG=1", Receive(manager));
        Assert.Equal("STOPPING=1\nSTATUS=Stopping", Receive(manager));
    }

    [Fact]
    public void AReloadCarriesTheKernelsMonotonicTimeInTheSameDatagram()
    {
        using var manager = Listen(SocketPath);
        using var notifier = new ServiceNotifier(SocketPath, null);

        var before = MonotonicMicroseconds();
        notifier.Reloading();
        var after = MonotonicMicroseconds();

        var lines = Receive(manager).Split('\n');
        Assert.Equal("RELOADING=1", lines[0]);
        Assert.StartsWith("MONOTONIC_USEC=", lines[1], StringComparison.Ordinal);
        Assert.InRange(long.Parse(lines[1]["MONOTONIC_USEC=".Length..], CultureInfo.InvariantCulture), before, after);
    }

    [Fact]
    public void AStatusCannotSmuggleAVariable()
    {
        using var manager = Listen(SocketPath);
        using var notifier = new ServiceNotifier(SocketPath, null);

        notifier.Status("odd\nMAINPID=1\r\0");

        Assert.Equal("STATUS=odd MAINPID=1  ", Receive(manager));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("vsock:2:1234")]
    [InlineData("relative")]
    public void WithoutASocketNothingIsSentAndNothingFails(string? path)
    {
        using var notifier = new ServiceNotifier(path, null);

        Assert.False(notifier.IsEnabled);
        Assert.True(notifier.Ready("x"));
        Assert.True(notifier.SignOfLife());
    }

    [Fact]
    public void AnInvalidSocketPathIsTreatedAsNoSocket()
    {
        using var notifier = new ServiceNotifier("/" + new string('x', 200), null);

        Assert.False(notifier.IsEnabled);
    }

    [Fact]
    public void AManagerThatVanishedIsNotAFailureAndItsReturnIsNoticed()
    {
        using var notifier = new ServiceNotifier(SocketPath, null);
        Assert.False(notifier.Ready("x"));

        using (Listen(SocketPath))
            Assert.True(notifier.Ready("x"));
        Assert.False(notifier.Ready("x"));

        File.Delete(SocketPath);
        using var again = Listen(SocketPath);
        Assert.True(notifier.Ready("x"));
    }

    [Fact]
    public void AManagerThatDoesNotReadDoesNotBlock()
    {
        using var manager = Listen(SocketPath);
        using var notifier = new ServiceNotifier(SocketPath, null);

        var sent = 0;
        while (notifier.SignOfLife() && sent < 1_000_000)
            sent++;

        Assert.InRange(sent, 1, 999_999);
        Receive(manager);
        Assert.True(notifier.SignOfLife());
    }

    [Theory]
    [InlineData("30000000", null, 30.0)]
    [InlineData("30000000", "self", 30.0)]
    [InlineData("30000000", "1", null)]
    [InlineData(null, null, null)]
    [InlineData("0", null, null)]
    [InlineData("-1", null, null)]
    [InlineData("soon", null, null)]
    [InlineData("9223372036854775807", null, null)]
    public void TheWatchdogCountsOnlyWithTheIdOfThisProcess(string? microseconds, string? pid, double? seconds)
    {
        var self = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        using var notifier = ServiceNotifier.FromEnvironment(variable => variable switch
        {
            "WATCHDOG_USEC" => microseconds,
            "WATCHDOG_PID" => pid == "self" ? self : pid,
            _ => null,
        });

        Assert.Equal(seconds, notifier.Watchdog?.TotalSeconds);
    }

    private static Socket Listen(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 5000 };
        socket.Bind(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    private static string Receive(Socket socket)
    {
        var buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, socket.Receive(buffer));
    }

    private static long MonotonicMicroseconds()
    {
        const int monotonic = 1;
        Assert.Equal(0, GetTime(monotonic, out var time));
        return (time.Seconds * 1_000_000) + (time.Nanoseconds / 1000);
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
