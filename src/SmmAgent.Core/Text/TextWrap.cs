using System.Text;
using System.Text.RegularExpressions;

namespace SmmAgent.Core.Text;

/// <summary>
/// Breaks text at spaces, so that it fits a terminal. A longer word, such as a path, and a command at the end are not broken: they stay
/// copyable.
/// </summary>
public static partial class TextWrap
{
    private const int Narrowest = 20;

    /// <param name="first">What the first line begins with.</param>
    /// <param name="width">The columns of the terminal; null for no limit.</param>
    /// <returns>The lines; those after the first are indented by the width of <paramref name="first"/>.</returns>
    public static IEnumerable<string> Lines(string first, string text, int? width) =>
        Lines(first, new string(' ', DisplayWidth.Of(first)), text, width);

    /// <param name="next">What each following line begins with.</param>
    public static IEnumerable<string> Lines(string first, string next, string text, int? width)
    {
        // A line that fits keeps the spaces between its columns.
        if (width is not { } columns || DisplayWidth.Of(first + text) <= columns)
        {
            yield return (first + text).TrimEnd();
            yield break;
        }

        columns = Math.Max(columns, DisplayWidth.Of(next) + Narrowest);
        var line = new StringBuilder(first);
        var isEmpty = true;
        foreach (var word in Words(text, columns - DisplayWidth.Of(next)))
        {
            if (!isEmpty && DisplayWidth.Of(line.ToString()) + 1 + DisplayWidth.Of(word) > columns)
            {
                yield return line.ToString();
                line.Clear().Append(next);
                isEmpty = true;
            }

            line.Append(isEmpty ? "" : " ").Append(word);
            isEmpty = false;
        }

        yield return line.ToString().TrimEnd();
    }

    // A command that does not fit in a line is broken.
    private static string[] Words(string text, int width)
    {
        var command = Command().Match(text) is { Success: true } match && DisplayWidth.Of(match.Groups["command"].Value) <= width
            ? match.Groups["command"].Value : "";
        var words = text[..^command.Length].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return command.Length == 0 ? words : [.. words, command];
    }

    [GeneratedRegex("(?:^|: )(?<command>(?:sudo|smm-agent|journalctl|systemctl|kubectl|--[a-z-]+) [^;]*)$")]
    private static partial Regex Command();
}
