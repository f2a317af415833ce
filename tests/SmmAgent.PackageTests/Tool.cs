using System.Diagnostics;

namespace SmmAgent.PackageTests;

/// <summary>Runs a program to its end, and returns its output.</summary>
internal static class Tool
{
    // An ahead-of-time compilation on a busy machine is the longest.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(20);

    /// <returns>Standard output; throws where the exit code is not 0.</returns>
    public static Task<string> OutputAsync(params string[] command) => OutputAsync(command, environment: null, folder: null);

    public static async Task<string> OutputAsync(string[] command, Dictionary<string, string>? environment, string? folder)
    {
        var (exitCode, output, error) = await RunAsync(command, environment, folder);
        return exitCode == 0
            ? output : throw new InvalidOperationException($"{string.Join(' ', command)}: exit code {exitCode}\n{output}{error}");
    }

    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(
        string[] command, Dictionary<string, string>? environment = null, string? folder = null)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder ?? "",
        };
        start.Environment["LC_ALL"] = "C";
        foreach (var (name, value) in environment ?? [])
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(patience.Token);
            var error = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>Skips the test where one of these programs is not installed.</summary>
    public static void Needs(params string[] programs)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin");
        var missing = programs.Where(program => !folders.Any(folder => File.Exists(Path.Combine(folder, program)))).ToArray();
        Assert.SkipUnless(missing.Length == 0, $"needs {string.Join(", ", missing)}: ./build.sh test installs them");
    }
}
