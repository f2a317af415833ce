using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using SmmAgent.Core.Firewall.Nft;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Firewall;

/// <summary>The tables of iptables-nft, read and changed by netlink.</summary>
/// <remarks>
/// nft(8) is not sufficient here: its "delete table" also removes rules that another program added a moment ago. A request to the kernel
/// can
/// be bound to the observed state, and to an empty table.
/// </remarks>
public static class NftTables
{
    private const int Subsystem = 10;
    private const int NewTable = (Subsystem << 8) | 0;
    private const int GetTable = (Subsystem << 8) | 1;
    private const int DeleteTable = (Subsystem << 8) | 2;
    private const int GetChain = (Subsystem << 8) | 4;
    private const int DeleteChain = (Subsystem << 8) | 5;
    private const int GetGeneration = (Subsystem << 8) | 16;
    private const int BatchBegin = 16;
    private const int BatchEnd = 17;

    private const int Error = 2;
    private const int Done = 3;

    private const int Request = 1;
    private const int Acknowledge = 4;
    private const int NotRecursive = 0x100;
    private const int Exclusive = 0x200;
    private const int Dump = 0x300;
    private const int Create = 0x400;

    // Attributes: of a table, of a chain, of a generation and a batch.
    private const int TableName = 1;
    private const int TableHandle = 4;
    private const int ChainTable = 1;
    private const int ChainName = 3;
    private const int ChainHook = 4;
    private const int ChainPolicy = 5;
    private const int Generation = 1;

    private const uint Accept = 1;
    private const int TimeoutMilliseconds = 1000;

    // Any change of the ruleset, also elsewhere, makes an attempt fail.
    private const int Tries = 5;

    /// <summary>Creates the table.</summary>
    /// <returns>The handle, which is unique in this network namespace; null where the table existed, or cannot be created.</returns>
    internal static ulong? CreateTable(IpFamily family, string table)
    {
        using var socket = Open();
        return Commit(socket, null, [(NewTable, Create | Exclusive, [NetlinkMessage.Text(TableName, table)])], family)
            ? Handle(socket, family, table)
            : null;
    }

    /// <returns>The handle of the table; null where there is no table, or it is unknown.</returns>
    /// <exception cref="IOException">The kernel cannot be asked.</exception>
    public static ulong? Handle(IpFamily family, string table)
    {
        using var socket = Open();
        return Handle(socket, family, table);
    }

    /// <summary>Every chain of this network namespace, without its rules: cheap, however many rules there are.</summary>
    /// <returns>The table as nft names it, the chain, and whether the kernel enters the chain by a hook.</returns>
    /// <exception cref="IOException">The kernel cannot be asked, or refuses.</exception>
    internal static List<(NftTable Table, string Chain, bool IsBase)> Chains()
    {
        using var socket = Open();
        Send(socket, NetlinkMessage.Build(GetChain, Request | Dump, 1, 0, 0));
        List<(NftTable Table, string Chain, bool IsBase)> chains = [];
        while (true)
        {
            foreach (var (type, _, body) in Receive(socket))
            {
                if (type == Done)
                    return chains;
                if (type == Error)
                    throw new IOException("nftables: the kernel refused to list the chains");

                var attributes = NetlinkMessage.Attributes(body);
                var owner = new NftTable(FamilyName(body[0]), TextOf(attributes, ChainTable));
                chains.Add((owner, TextOf(attributes, ChainName), attributes.ContainsKey(ChainHook)));
            }
        }
    }

    private static string FamilyName(byte number) =>
        number switch { 1 => "inet", 2 => "ip", 3 => "arp", 5 => "netdev", 7 => "bridge", 10 => "ip6", _ => "" };

    /// <summary>Removes the table, if it contains only chains of kernel hooks that accept everything.</summary>
    /// <returns>Whether it was removed; false also where there was no table. Rules that are added meanwhile are not lost.</returns>
    /// <exception cref="IOException">The kernel cannot be asked.</exception>
    public static bool RemoveEmptyTable(IpFamily family, string table) =>
        Handle(family, table) is { } handle && RemoveEmptyTable(family, table, handle);

    /// <summary>The same for the table with this handle: a table that was created again has another one.</summary>
    public static bool RemoveEmptyTable(IpFamily family, string table, ulong handle) =>
        Sequences.Range(0, Tries).Any(_ => TryRemoveEmptyTable(family, table, handle));

    private static bool TryRemoveEmptyTable(IpFamily family, string table, ulong handle)
    {
        using var socket = Open();
        var generation = Ask(socket, GetGeneration, Request, family)
            .Select(answer => answer.GetValueOrDefault(Generation)).FirstOrDefault(id => id is not null);
        if (generation is null || Handle(socket, family, table) != handle)
            return false;

        var chains = Ask(socket, GetChain, Request | Dump, family).Where(chain => TextOf(chain, ChainTable) == table).ToList();
        if (!chains.All(chain =>
            chain.GetValueOrDefault(ChainPolicy) is { } policy && BinaryPrimitives.ReadUInt32BigEndian(policy) == Accept))
            return false;

        return Commit(
            socket,
            BinaryPrimitives.ReadUInt32BigEndian(generation),
            [
                .. chains.Select(chain => (DeleteChain, NotRecursive,
                    (byte[][])[NetlinkMessage.Text(ChainTable, table), NetlinkMessage.Text(ChainName, TextOf(chain, ChainName))])),
                (DeleteTable, NotRecursive, [NetlinkMessage.Text(TableName, table)]),
            ],
            family);
    }

    private static ulong? Handle(SafeFileHandle socket, IpFamily family, string table) =>
        Ask(socket, GetTable, Request, family, NetlinkMessage.Text(TableName, table)).FirstOrDefault()
            ?.GetValueOrDefault(TableHandle) is { Length: 8 } handle
            ? BinaryPrimitives.ReadUInt64BigEndian(handle)
            : null;

    private static List<Dictionary<int, byte[]>> Ask(
        SafeFileHandle socket, int type, int flags, IpFamily family, params byte[][] attributes)
    {
        const uint sequence = 1;
        Send(socket, NetlinkMessage.Build(type, flags, sequence, Number(family), 0, attributes));
        List<Dictionary<int, byte[]>> answers = [];
        while (true)
        {
            foreach (var message in Receive(socket))
            {
                if (message.Type is Error or Done)
                    return answers;
                answers.Add(NetlinkMessage.Attributes(message.Body));
                if ((flags & Dump) == 0)
                    return answers;
            }
        }
    }

    /// <summary>One transaction: all of it or nothing.</summary>
    /// <param name="generation">The ruleset's generation that it is for: it fails on any other. Null for any.</param>
    private static bool Commit(
        SafeFileHandle socket, uint? generation, (int Type, int Flags, byte[][] Attributes)[] changes, IpFamily family)
    {
        uint sequence = 2;
        List<byte> batch =
            NetlinkMessage.Build(
                BatchBegin, Request, sequence, 0, Subsystem, generation is { } of ? [NetlinkMessage.Number(Generation, of)] : []).ToList();
        foreach (var (type, flags, attributes) in changes)
            batch.AddRange(NetlinkMessage.Build(type, Request | Acknowledge | flags, ++sequence, Number(family), 0, attributes));
        batch.AddRange(NetlinkMessage.Build(BatchEnd, Request, sequence + 1, 0, Subsystem));
        Send(socket, batch.ToArray());

        // Each change is answered; a refusal of one undoes all.
        for (var answered = 0; answered < changes.Length;)
        {
            foreach (var message in Receive(socket).Where(message => message.Type == Error))
            {
                if (MemoryMarshal.Read<int>(message.Body) != 0)
                    return false;
                answered++;
            }
        }

        return true;
    }

    private static SafeFileHandle Open()
    {
        const int netlink = 16, raw = 3, netfilter = 12;
        var socket = Libc.Socket(netlink, raw | Libc.CloseOnExec | Libc.NonBlocking, netfilter);
        return socket.IsInvalid ? throw Failed("socket") : socket;
    }

    private static void Send(SafeFileHandle socket, byte[] message)
    {
        if (Libc.Send(socket, message, (nuint)message.Length, 0) < 0)
            throw Failed("send");
    }

    private static List<(int Type, uint Sequence, byte[] Body)> Receive(SafeFileHandle socket)
    {
        Libc.PollDescriptor[] wait = [new() { Descriptor = (int)socket.DangerousGetHandle(), Interest = Libc.PollIn }];
        if (Libc.Poll(wait, 1, TimeoutMilliseconds) == 0)
            throw new IOException("nftables: the kernel did not answer");
        var buffer = new byte[64 * 1024];
        var length = Libc.Receive(socket, buffer, (nuint)buffer.Length, 0);
        return length < 0 ? throw Failed("recv") : NetlinkMessage.Split(buffer.AsSpan(0, (int)length));
    }

    private static IOException Failed(string call) => new($"nftables: {call}: {Marshal.GetLastPInvokeErrorMessage()}");

    private static byte Number(IpFamily family) => family == IpFamily.IPv4 ? (byte)2 : (byte)10;

    private static string TextOf(Dictionary<int, byte[]> attributes, int type) =>
        attributes.GetValueOrDefault(type) is { } bytes ? Encoding.ASCII.GetString(bytes).TrimEnd('\0') : "";
}
