using System.Globalization;
using System.Text;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Firewall;

/// <summary>
/// Records which filter tables of nftables the agent created, so that detach removes only those. iptables-nft creates a table with the
/// first rule, and never removes it.
/// </summary>
/// <remarks>
/// A table is identified by its network namespace and handle: a table that was created again is another one. Handles restart with the
/// host, so the records are below /run. The daemon and root share them, because either may create the table. Root may trust the daemon: a
/// record only leads to the removal of an empty table, which CAP_NET_ADMIN permits anyway.
/// </remarks>
public sealed class OwnedTables(string folder)
{
    private const string Table = "filter";
    private const int MaximumBytes = 256;

    /// <summary>Creates the table of a family where there is none, and records that.</summary>
    public void Create(IpFamily family)
    {
        try
        {
            // The kernel takes some 10 ms to refuse a transaction, and a repair waits for that.
            if (NftTables.Handle(family, Table) is not null || NftTables.CreateTable(family, Table) is not { } handle)
                return;

            Directory.CreateDirectory(folder);
            AtomicFile.Write(RecordPath(family), RecordText(handle), AtomicFile.Public, durable: false);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            // Without a record an empty table stays after detach, which does no harm.
        }
    }

    /// <summary>Whether the agent created the present table of a family.</summary>
    public bool Has(IpFamily family) => RecordedHandle(family) is not null;

    /// <summary>Removes the table, if the agent created it and it is empty.</summary>
    /// <returns>Whether it was removed.</returns>
    public bool Remove(IpFamily family)
    {
        if (RecordedHandle(family) is not { } handle)
            return false;

        try
        {
            // A table that other programs use by now belongs to them.
            var isGone = NftTables.RemoveEmptyTable(family, Table, handle);
            File.Delete(RecordPath(family));
            return isGone;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return false;
        }
    }

    private ulong? RecordedHandle(IpFamily family)
    {
        try
        {
            return AtomicFile.ReadLimited(RecordPath(family), MaximumBytes, isAgents: true) is { } record
                && NftTables.Handle(family, Table) is { } handle
                && Encoding.ASCII.GetString(record) == RecordText(handle) ? handle : null;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return null; // without a record of ownership the table stays
        }
    }

    private string RecordPath(IpFamily family) => Path.Combine(folder, family == IpFamily.IPv4 ? "made-table-ip" : "made-table-ip6");

    private static string RecordText(ulong handle) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{new FileInfo("/proc/thread-self/ns/net").LinkTarget} table {Table} handle {handle}\n");
}
