using System.Text;
using SmmAgent.Contract;

namespace SmmAgent.Core.Sidecar.Configuration;

/// <summary>The agent's own lines in /etc/hosts, between two marks. Every other line stays, byte for byte.</summary>
/// <remarks>
/// A damaged or duplicate block is repaired: the marks, and the lines of the control plane next to them, belong to the agent. Any other
/// line between the marks belongs to another program or person, and stays.
/// </remarks>
public static class HostsBlock
{
    private const string BeginMark = "# BEGIN smm-agent";
    private const string EndMark = "# END smm-agent";
    private const string Begin = BeginMark + ": addresses of the mesh's control plane";
    private const string EndOfUnendedFile = EndMark + "; the line before the block had no line break";

    /// <summary>
    /// Writes the agent's lines, at the end of the file or in the place of the present ones. An empty list removes the block.
    /// </summary>
    public static byte[] Set(ReadOnlySpan<byte> file, IReadOnlyList<string> lines) =>
        Encoding.Latin1.GetBytes(Set(Encoding.Latin1.GetString(file), lines));

    /// <summary>The present lines of the agent.</summary>
    /// <param name="text">One char for each byte (Latin-1).</param>
    public static IReadOnlyList<string> Lines(string text)
    {
        var lines = Split(text);
        var ours = Ours(lines);
        return lines.Where((line, i) => ours[i] && !IsMark(line, BeginMark)
            && !IsMark(line, EndMark)).Select(line => line.TrimEnd('\r', '\n')).ToArray();
    }

    public static byte[] Remove(ReadOnlySpan<byte> file) => Set(file, []);

    /// <summary>Whether the agent's block already has exactly these lines.</summary>
    /// <param name="text">One char for each byte (Latin-1): the file may have any bytes.</param>
    public static bool Has(string text, IReadOnlyList<string> lines) => Set(text, lines) == text;

    private static string Set(string text, IReadOnlyList<string> lines)
    {
        var found = Split(text);
        var ours = Ours(found);
        var first = ours.IndexOf(true);
        var isAtEnd = ours.LastIndexOf(true) == found.Count - 1;
        List<string> before = found.Where((_, i) => (first < 0 || i < first) && !ours[i]).ToList();
        List<string> after = found.Where((_, i) => first >= 0 && i > first && !ours[i]).ToList();

        var wasUnended = isAtEnd && found.Any(line => line.StartsWith(EndOfUnendedFile, StringComparison.Ordinal));
        var isUnended = after.Count == 0 && before.Count > 0 && (wasUnended || !before[^1].EndsWith('\n'));
        if (isUnended)
            before[^1] = before[^1].EndsWith('\n') ? before[^1][..^1] : before[^1];

        var edited = string.Concat(before);
        if (lines.Count > 0)
            edited += $"{(isUnended ? "\n" : "")}{Begin}\n{string.Concat(lines.Select(line => line + "\n"))}"
                + $"{(isUnended ? EndOfUnendedFile : EndMark)}\n";
        return edited + string.Concat(after);
    }

    private static List<bool> Ours(List<string> lines)
    {
        var ours = lines.ConvertAll(line => IsMark(line, BeginMark) || IsMark(line, EndMark));
        bool isInside = false, hasEnd = false;
        for (var i = 0; i < lines.Count; i++)
        {
            if (ours[i])
            {
                isInside = IsMark(lines[i], BeginMark);
                hasEnd = isInside && lines.Skip(i + 1).FirstOrDefault(line => IsMark(line, BeginMark) || IsMark(line, EndMark)) is { } next
                    && IsMark(next, EndMark);
            }
            else if (isInside)
            {
                ours[i] = IsOfControlPlane(lines[i]);
                isInside = ours[i] || hasEnd;
            }
        }

        // The lines above an end mark without a begin mark.
        for (var i = lines.Count - 2; i >= 0; i--)
            ours[i] |= ours[i + 1] && !IsMark(lines[i + 1], BeginMark) && IsOfControlPlane(lines[i]);
        return ours;
    }

    private static bool IsMark(string line, string mark)
    {
        var text = line.AsSpan().Trim();
        return text.StartsWith(mark, StringComparison.Ordinal) && (text.Length == mark.Length || text[mark.Length] is ':' or ';' or ' ');
    }

    private static bool IsOfControlPlane(string line)
    {
        var words = line.Split([' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
        return words.Length >= 2
            && NameRules.IsIPAddress(words[0])
            && words[1].StartsWith("istiod", StringComparison.Ordinal)
            && words[1].EndsWith(".svc", StringComparison.Ordinal);
    }

    private static List<string> Split(string text)
    {
        var lines = new List<string>();
        for (var start = 0; start < text.Length;)
        {
            var end = text.IndexOf('\n', start) is var at and >= 0 ? at + 1 : text.Length;
            lines.Add(text[start..end]);
            start = end;
        }

        return lines;
    }
}
