namespace SmmAgent.Linux.Commands;

public enum CommandEnding
{
    Exited,
    TimedOut,
    NotFound,

    /// <summary>
    /// The command printed more than <see cref="CommandRunner.MaximumOutput"/> and was killed: a part could be mistaken for all of it.
    /// </summary>
    TooMuchOutput,
}

/// <summary>The result of a child process, with its output.</summary>
public sealed record CommandResult(IReadOnlyList<string> Arguments, CommandEnding Ending, int ExitCode, string Output, string Error)
{
    public bool Succeeded => Ending == CommandEnding.Exited && ExitCode == 0;

    /// <summary>One line for messages: the command, its end, and the first line of its output.</summary>
    public string Describe()
    {
        var command = string.Join(' ', Arguments);
        var ending = Ending switch
        {
            CommandEnding.NotFound => "is not installed",
            CommandEnding.TooMuchOutput => $"printed more than {CommandRunner.MaximumOutput / (1024 * 1024)} MiB and was killed",
            CommandEnding.TimedOut => "did not end in time and was killed",
            _ => $"ended with exit code {ExitCode}",
        };
        var said = (Error.Length > 0 ? Error : Output).AsSpan().Trim();
        var line = said.IndexOf('\n') is var end and >= 0 ? said[..end] : said;
        return line.IsEmpty ? $"{command} {ending}" : $"{command} {ending}: {line}";
    }
}
