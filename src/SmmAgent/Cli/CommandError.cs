using SmmAgent.Contract;
using SmmAgent.Core.Text;
using SmmAgent.Linux.Host;

namespace SmmAgent.Cli;

/// <summary>The error of a command on standard error: the program and the message, and the command that prints more.</summary>
internal static class CommandError
{
    /// <param name="see">The command that prints more; null for none.</param>
    public static Task WriteAsync(string message, string? see = null) =>
        Console.Error.WriteAsync(Format(message, see, Console.IsErrorRedirected ? null : TerminalSize.Columns()));

    /// <param name="width">The columns of the terminal; null for no limit.</param>
    public static string Format(string message, string? see, int? width) =>
        string.Join('\n', TextWrap.Lines("smm-agent: ", "  ", OneLine.ReplaceUnprintable(message), width)) + "\n"
            + (see is null ? "" : $"see: {see}\n");
}
