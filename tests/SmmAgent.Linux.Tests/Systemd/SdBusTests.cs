using System.Runtime.InteropServices;
using SmmAgent.Linux.Systemd;
using SmmAgent.Linux.Tests.Events;

namespace SmmAgent.Linux.Tests.Systemd;

public sealed partial class SdBusTests : IDisposable
{
    private const string Bus = "org.freedesktop.DBus";
    private const string Path = "/org/freedesktop/DBus";

    private readonly BusDaemon _daemon = new();

    public void Dispose() => _daemon.Dispose();

    [Fact]
    public void CallsTakeArgumentsAndRepliesAreRead()
    {
        using var bus = SdBus.OpenSystem(_daemon.Address);
        using var names = bus.Call(bus.NewCall(Bus, Path, Bus, "ListNames"));
        using var owned = bus.Call(bus.NewCall(Bus, Path, Bus, "NameHasOwner").Add(Bus));
        using var notOwned = bus.Call(bus.NewCall(Bus, Path, Bus, "NameHasOwner").Add("org.example.Nobody"));

        Assert.Contains(Bus, names.ReadStrings());
        Assert.True(owned.ReadBool());
        Assert.False(notOwned.ReadBool());
    }

    [Fact]
    public void DictionariesOfVariantsAreReadAndLeftOut()
    {
        using var bus = SdBus.OpenSystem(_daemon.Address);
        using var reply = bus.Call(bus.NewCall(Bus, Path, "org.freedesktop.DBus.Properties", "GetAll").Add(Bus));

        IReadOnlyList<string> features = [];
        var keys = reply.ReadArray("{sv}", entry => entry.ReadEntry("sv", property =>
        {
            var key = property.ReadString();
            if (key == "Features")
                features = property.ReadVariant("as", value => value.ReadStrings());
            else
                property.Skip("v");
            return key;
        }));

        Assert.Equal(["Features", "Interfaces"], keys.Order());
        Assert.NotEmpty(features);
    }

    [Fact]
    public void AnErrorCarriesItsNameAndMessage()
    {
        using var bus = SdBus.OpenSystem(_daemon.Address);

        var error = Assert.Throws<DBusException>(() => bus.Call(bus.NewCall("org.example.Nobody", "/", "org.example.Nobody", "Do")));

        Assert.Equal(DBusException.NameHasNoOwner, error.Name);
        Assert.Contains("org.example.Nobody", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WrongArgumentsAreRefusedByTheOtherSide()
    {
        using var bus = SdBus.OpenSystem(_daemon.Address);

        var error = Assert.Throws<DBusException>(
            () => bus.Call(bus.NewCall(Bus, Path, Bus, "NameHasOwner").Add(["a", "b"]).Add(true).Add(7)));

        Assert.Equal("org.freedesktop.DBus.Error.InvalidArgs", error.Name);
        Assert.Contains("asbi", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadingMoreThanTheReplyHoldsIsAnErrorAndNotGarbage()
    {
        using var bus = SdBus.OpenSystem(_daemon.Address);
        using var reply = bus.Call(bus.NewCall(Bus, Path, Bus, "NameHasOwner").Add(Bus));
        reply.ReadBool();

        Assert.Throws<DBusException>(() => reply.ReadBool());
    }

    [Fact]
    public void SignalsToTheCallingThreadDoNotEndACall()
    {
        var caller = 0;
        using var over = new CancellationTokenSource();
        var signals = new Thread(() =>
        {
            while (!over.IsCancellationRequested)
            {
                if (Volatile.Read(ref caller) is > 0 and var thread)
                    _ = SendSignal(Environment.ProcessId, thread, ChildEnded);
            }
        });
        signals.Start();
        try
        {
            using var bus = SdBus.OpenSystem(_daemon.Address);
            Volatile.Write(ref caller, CurrentThread());
            for (var i = 0; i < 500; i++)
            {
                using var owned = bus.Call(bus.NewCall(Bus, Path, Bus, "NameHasOwner").Add(Bus));
                Assert.True(owned.ReadBool());
            }
        }
        finally
        {
            over.Cancel();
            signals.Join();
        }
    }

    [Fact]
    public void ABusThatGoesAwayDuringACallIsToldAtOnce()
    {
        using var bus = SdBus.OpenSystem(_daemon.Address);
        bus.Call(bus.NewCall(Bus, Path, Bus, "NameHasOwner").Add(Bus)).Dispose();
        _daemon.Stop();

        Assert.Throws<DBusException>(() => bus.Call(bus.NewCall(Bus, Path, Bus, "NameHasOwner").Add(Bus)));
        _daemon.Start();
    }

    [Fact]
    public void NothingAtTheAddressIsToldWithTheAddress()
    {
        var error = Assert.Throws<DBusException>(() => SdBus.OpenSystem(_daemon.Address + "-not"));

        Assert.Equal(DBusException.NoBus, error.Name);
        Assert.Equal($"no system bus at {_daemon.Address}-not: No such file or directory", error.Message);
    }

    private const int ChildEnded = 17;

    [LibraryImport("libc", EntryPoint = "tgkill")]
    private static partial int SendSignal(int process, int thread, int signal);

    [LibraryImport("libc", EntryPoint = "gettid")]
    private static partial int CurrentThread();
}
