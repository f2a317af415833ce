using System.Diagnostics;

namespace SmmAgent.Testbed;

/// <summary>The output and the exit code of a command.</summary>
public sealed record CommandOutput(int ExitCode, string Output, string Error);

/// <summary>
/// Runs commands as a person does, in a pseudo-terminal of 24 lines and 80 columns (script(1)), or with their output in a pipe.
/// </summary>
public static class Terminal
{
    private static readonly TimeSpan AtMost = TimeSpan.FromSeconds(60);

    /// <param name="environment">Beside TERM=xterm-256color, and instead of any NO_COLOR.</param>
    public static Task<CommandOutput> PipedAsync(IReadOnlyList<string> command, params IReadOnlyList<string> environment) =>
        RunAsync([.. Environment(environment), .. command]);

    public static Task<CommandOutput> OnTerminalAsync(IReadOnlyList<string> command, params IReadOnlyList<string> environment) =>
        RunAsync(OnTerminal(command, environment));

    /// <summary>The command line that runs a command in a terminal; script(1) wants it as a shell's text.</summary>
    public static IReadOnlyList<string> OnTerminal(IReadOnlyList<string> command, params IReadOnlyList<string> environment) =>
        [.. Environment(environment), "script", "-qefc", $"stty rows 24 cols 80; exec {string.Join(' ', command.Select(Quoted))}",
            "/dev/null"];

    private static IEnumerable<string> Environment(IReadOnlyList<string> more) => ["env", "-u", "NO_COLOR", "TERM=xterm-256color", .. more];

    private static string Quoted(string word) => $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static async Task<CommandOutput> RunAsync(IReadOnlyList<string> command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        try
        {
            await process.WaitForExitAsync().WaitAsync(AtMost);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return new(process.ExitCode, await output, await error);
    }
}
