using SmmAgent.Core.Text;
using SmmAgent.Linux.Host;
using SmmAgent.Logging;

namespace SmmAgent.Host;

/// <summary>How a command writes its output.</summary>
/// <param name="HasColour">Whether escape sequences may be written.</param>
/// <param name="Width">The columns of the terminal; null for no limit, because the output is not a terminal.</param>
/// <param name="IsUtf8">Whether the locale shows UTF-8; otherwise only ASCII is written.</param>
public sealed record OutputStyle(bool HasColour = false, int? Width = null, bool IsUtf8 = true)
{
    public static OutputStyle FromConsole()
    {
        var isTerminal = !Console.IsOutputRedirected;
        return new(
            LogTarget.IsColourful(isTerminal, Environment.GetEnvironmentVariable),
            isTerminal ? TerminalSize.Columns() : null,
            AsciiText.IsUtf8(Environment.GetEnvironmentVariable));
    }

    /// <summary>A mark with the colour that belongs to it.</summary>
    public string Mark(char mark) => Colour($"{mark}", mark switch { '✓' => 32, '!' => 33, '✗' => 31, '❯' => 36, _ => 90 });

    public string Bold(string text) => Colour(text, 1);

    public string Colour(string text, int code) => HasColour ? $"\e[{code}m{text}\e[0m" : text;

    /// <summary>The text in the characters of the terminal.</summary>
    public string Encode(string text) => IsUtf8 ? text : AsciiText.From(text);
}
