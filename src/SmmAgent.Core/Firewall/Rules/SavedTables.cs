namespace SmmAgent.Core.Firewall.Rules;

/// <summary>All tables as <c>iptables-save</c> shows them.</summary>
/// <param name="Tables">By name; null for one that has a line that iptables-save never writes.</param>
/// <param name="Hidden">
/// The tables that it cannot show, because another program wrote into them with nft: it prints that, and exits with success.
/// </param>
/// <param name="Partial">The tables whose base chains it does not all show.</param>
public sealed record SavedTables(
    IReadOnlyDictionary<string, FilterTable?> Tables, IReadOnlySet<string> Hidden, IReadOnlySet<string> Partial)
{
    /// <returns>The table, an empty one where there is none; null where it is not known.</returns>
    public FilterTable? Table(string name) => Hidden.Contains(name) ? null : Tables.GetValueOrDefault(name, FilterTable.Empty);

    /// <returns>Null when the text ends within a table.</returns>
    public static SavedTables? Parse(string saved)
    {
        var reader = new SavedTablesReader();
        reader.Read(saved);
        return reader.End();
    }
}
