using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using SmmAgent.Linux.DBus;
using Tmds.DBus.Protocol;

namespace SmmAgent.Linux.Tests.DBus;

/// <summary>Calls over connections to a bus of the test.</summary>
public abstract partial class BusFixture : IDisposable
{
    private protected const string Bus = "org.freedesktop.DBus";
    private protected const string Path = "/org/freedesktop/DBus";

    private protected static readonly BusCall IsBusThere = Method("NameHasOwner").With(Bus);

    private protected BusDaemon Daemon { get; } = new();

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Daemon.Dispose();
        GC.SuppressFinalize(this);
    }

    // Where no synchronization context takes the continuation, it runs on the thread that completed the call.
    private protected static async Task CallAndBlockAsync(BusConnection bus)
    {
        Assert.True(await HasOwnerAsync(bus, Bus).ConfigureAwait(false));
        Assert.True(HasOwnerAsync(bus, Bus).GetAwaiter().GetResult());
        await Assert.ThrowsAsync<DBusException>(() => bus.ChangeAsync(Method("None"), Cancel)).ConfigureAwait(false);
        Assert.True(HasOwnerAsync(bus, Bus).GetAwaiter().GetResult());
    }

    /// <returns>The connection, and its address on the bus.</returns>
    private protected async Task<(BusConnection Bus, string Address)> OpenAsync(BusPeer peer)
    {
        var before = await peer.NamesAsync();
        var bus = Open();
        await HasOwnerAsync(bus, Bus);
        return (bus, (await peer.NamesAsync()).Except(before).Single());
    }

    /// <returns>The lengths of the signals that arrive.</returns>
    private protected static async Task<ConcurrentQueue<int>> ReceivedAsync(BusConnection bus, MatchRule rule)
    {
        var received = new ConcurrentQueue<int>();
        await bus.SubscribeAsync(rule, "ay", (ref body) => body.ReadArrayOfByte().Length, received.Enqueue, Cancel);
        return received;
    }

    private protected BusConnection Open() => BusConnection.Open(Daemon.Address);

    private protected static BusCall Method(string name) => new(Bus, Path, Bus, name);

    private protected static Task<bool> HasOwnerAsync(BusConnection bus, string name) =>
        bus.ReadAsync(Method("NameHasOwner").With(name), "b", (ref reply) => reply.ReadBool(), Cancel);

    private protected const int ChildEnded = 17;

    [LibraryImport("libc", EntryPoint = "kill")]
    private protected static partial int SendSignal(int process, int signal);
}
