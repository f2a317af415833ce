using System.Diagnostics;

namespace SmmAgent.Testing;

/// <summary>The promtool of Prometheus, which <c>./build.sh promtool</c> fetches.</summary>
public static class Promtool
{
    /// <summary>The reason to skip a test; null if promtool is there.</summary>
    public static string? Missing => Program is null ? "needs promtool: ./build.sh promtool" : null;

    private static string? Program { get; } =
        ((string[])[Repository.PathOf("artifacts", "promtool", "promtool"), "/usr/bin/promtool"]).FirstOrDefault(File.Exists);

    /// <summary>Checks metrics: their format, names and descriptions.</summary>
    /// <returns>The exit code, which is 0 only without a warning, and the output.</returns>
    public static (int ExitCode, string Output) CheckMetrics(string text) => Run(text, "check", "metrics");

    /// <param name="input">The standard input.</param>
    public static (int ExitCode, string Output) Run(string input, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Program!, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        process.WaitForExit();
        return (process.ExitCode, output.Result + error.Result);
    }
}
