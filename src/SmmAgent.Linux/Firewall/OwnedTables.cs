using System.Globalization;
using System.Text;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Firewall;

/// <summary>
/// Remembers which filter tables of nftables the agent made, so that detach removes those and no others. iptables-nft makes a table
/// with the first rule, and never removes it.
/// </summary>
/// <remarks>
/// A table is known by its network namespace and handle: one that was made again is another one. Handles count anew after a restart,
/// so the notes are below /run. Daemon and root share them, because whoever comes first makes the table. Root may believe the daemon: a
/// note only ever leads to the removal of an empty table, and CAP_NET_ADMIN may do that anyway.
/// </remarks>
public sealed class OwnedTables(string folder)
{
    private const string Table = "filter";
    private const int MaximumBytes = 256;

    /// <summary>Makes a family's table where there is none, and notes that.</summary>
    public void Create(IpFamily family)
    {
        try
        {
            if (NftTables.CreateTable(family, Table) is not { } handle)
                return;

            Directory.CreateDirectory(folder);
            AtomicFile.Write(RecordPath(family), RecordText(handle), AtomicFile.Public, durable: false);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            // Without a note an empty table stays after detach, which does no harm.
        }
    }

    /// <summary>Whether the table that a family has now is one that the agent made.</summary>
    public bool Has(IpFamily family) => RecordedHandle(family) is not null;

    /// <summary>Removes the table, if the agent made it and it is empty.</summary>
    /// <returns>Whether it is gone.</returns>
    public bool Remove(IpFamily family)
    {
        if (RecordedHandle(family) is not { } handle)
            return false;

        try
        {
            // A table that others use by now is theirs.
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
            return AtomicFile.ReadLimited(RecordPath(family), MaximumBytes, isAgents: true) is { } note
                && NftTables.Handle(family, Table) is { } handle
                && Encoding.ASCII.GetString(note) == RecordText(handle) ? handle : null;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return null; // no note is no leave to remove anything
        }
    }

    private string RecordPath(IpFamily family) => Path.Combine(folder, family == IpFamily.IPv4 ? "made-table-ip" : "made-table-ip6");

    private static string RecordText(ulong handle) =>
        string.Create(CultureInfo.InvariantCulture, $"{new FileInfo("/proc/thread-self/ns/net").LinkTarget} table {Table} handle {handle}\n");
}
