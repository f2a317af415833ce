using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace SmmAgent.Linux.Commands;

/// <summary>Runs one child process: with an argument list, never with a shell, and with a time limit.</summary>
/// <param name="environment">Variables of the children in addition to those of this process.</param>
/// <param name="prefix">The prefix of each command, for example <c>ip netns exec NAME</c>; empty outside tests and demonstrations.</param>
public sealed class CommandRunner(IReadOnlyDictionary<string, string>? environment = null, IReadOnlyList<string>? prefix = null)
{
    /// <summary>The default time limit of a command.</summary>
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);

    /// <summary>The most characters that a command may print, on each stream.</summary>
    public const int MaximumOutput = 8 * 1024 * 1024;

    private static readonly Dictionary<string, string> None = [];

    private const int KeptTail = 64 * 1024;

    // The time limit for the remaining output of a command that has exited.
    private static readonly TimeSpan AfterExit = TimeSpan.FromSeconds(5);

    // The watchdog, the notify socket and the journal's stream are the daemon's, not its children's.
    private static readonly string[] NotForChildren =
        ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "JOURNAL_STREAM", "INVOCATION_ID"];

    /// <summary>Whether the commands run in the network namespace of this process.</summary>
    public bool IsHere => prefix is null;

    /// <summary>Runs a command and waits for its exit.</summary>
    /// <param name="arguments">The program, found in PATH, and its arguments.</param>
    /// <param name="keepsEnd">For a command that must not be killed because of much output, or because a remaining child holds its output
    /// open: only the end of the output is kept.</param>
    /// <param name="variables">Additional variables of this command.</param>
    /// <param name="read">Receives the output in parts while the command runs; then the result does not contain the output.</param>
    public async Task<CommandResult> RunAsync(
        IReadOnlyList<string> arguments, CancellationToken cancel, string? input = null, TimeSpan? timeout = null, bool keepsEnd = false,
        IReadOnlyDictionary<string, string>? variables = null, Action<ReadOnlySpan<char>>? read = null)
    {
        using var process = new Process();
        try
        {
            if (StartInfo(arguments, variables) is not { } start)
                return new(arguments, CommandEnding.NotFound, -1, "", "");

            process.StartInfo = start;
            process.Start();
        }
        catch (Win32Exception)
        {
            return new(arguments, CommandEnding.NotFound, -1, "", "");
        }

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var ending = CommandEnding.TimedOut;
        deadline.CancelAfter(timeout ?? DefaultTimeout);
        try
        {
            var output = new StringBuilder();
            var error = new StringBuilder();
            var reading = Task.WhenAll(
                ReadAsync(process.StandardOutput, output, keepsEnd ? null : TooMuch, deadline.Token, read),
                ReadAsync(process.StandardError, error, keepsEnd ? null : TooMuch, deadline.Token));
            await WriteAsync(process.StandardInput, input, deadline.Token);
            await process.WaitForExitAsync(deadline.Token);
            if (keepsEnd)
                await Task.WhenAny(reading, Task.Delay(AfterExit, TimeProvider.System, deadline.Token));
            else
                await reading;
            return new(arguments, CommandEnding.Exited, process.ExitCode, Text(output), Text(error));
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            cancel.ThrowIfCancellationRequested();
            return new(arguments, ending, -1, "", "");
        }

        void TooMuch()
        {
            ending = CommandEnding.TooMuchOutput;
            deadline.Cancel();
        }
    }

    private ProcessStartInfo? StartInfo(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? variables)
    {
        IReadOnlyList<string> command = [.. prefix ?? [], .. arguments];
        if (ProgramSearch.Find(command[0], Environment.GetEnvironmentVariable("PATH")) is not { } program)
            return null;

        var start = new ProcessStartInfo(program, command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var name in NotForChildren)
            start.Environment.Remove(name);
        start.Environment["LC_ALL"] = "C";
        foreach (var (name, value) in (IEnumerable<KeyValuePair<string, string>>)[.. environment ?? None, .. variables ?? None])
            start.Environment[name] = value;
        return start;
    }

    private static async Task WriteAsync(StreamWriter stdin, string? input, CancellationToken cancel)
    {
        try
        {
            await using (stdin)
                await stdin.WriteAsync(input.AsMemory(), cancel);
        }
        catch (IOException)
        {
            // The child exited before it read all; its exit code shows the result.
        }
    }

    private static string Text(StringBuilder text)
    {
        lock (text)
            return text.ToString();
    }

    private static async Task ReadAsync(
        StreamReader reader, StringBuilder text, Action? tooMuch, CancellationToken cancel, Action<ReadOnlySpan<char>>? read = null)
    {
        var buffer = new char[4096];
        var total = 0L;
        while (await reader.ReadAsync(buffer, cancel) is var length and > 0)
        {
            total += length;
            if (total > MaximumOutput)
                tooMuch?.Invoke();
            cancel.ThrowIfCancellationRequested();
            if (read is not null)
            {
                read(buffer.AsSpan(0, length));
                continue;
            }

            lock (text)
            {
                text.Append(buffer, 0, length);
                if (tooMuch is null && text.Length > 2 * KeptTail)
                    text.Remove(0, text.Length - KeptTail);
            }
        }
    }
}
