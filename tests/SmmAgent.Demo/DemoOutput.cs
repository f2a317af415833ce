using System.Diagnostics;
using SmmAgent.Testbed;

namespace SmmAgent.Demo;

/// <summary>Prints the commands and results of a demo, and counts the failures.</summary>
internal sealed class DemoOutput(TextWriter output, bool colour)
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    private int _failures;

    public void Section(string title) => output.WriteLine($"\n{Paint("1", title)}");

    /// <summary>Prints a command that the reader could type to do the same.</summary>
    public void Command(string command) => output.WriteLine($"  {Paint("2", "$ " + command)}");

    public void Result(bool isExpected, string message)
    {
        if (!isExpected)
            _failures++;
        output.WriteLine($"  {(isExpected ? Paint("32", "✓") : Paint("31", "✗"))} {message}");
    }

    /// <summary>Waits for a condition, and prints it with its reason and its message.</summary>
    public async Task ConditionAsync(VmAgent agent, string type, string status, string? reason = null)
    {
        try
        {
            var took = await agent.UntilConditionAsync(type, status, reason, TimeSpan.FromSeconds(75));
            var now = agent.Condition(type);
            Result(true, $"{type,-20} {now.Status,-6} {now.Reason,-14} {Paint("2", $"after {took.TotalSeconds:0.0} s")}\n      "
                + $"{now.Message}");
        }
        catch (TimeoutException)
        {
            var now = agent.Condition(type);
            Result(false, $"{type} should be {status} {reason}, but is {now.Status} {now.Reason}: {now.Message}");
        }
    }

    /// <returns>The exit code.</returns>
    public int Finish()
    {
        output.WriteLine();
        output.WriteLine(_failures == 0
            ? $"Demo finished in {_watch.Elapsed.TotalSeconds:0} s; every step passed. Namespaces, processes and files of the "
                + "demo are removed."
            : $"Demo failed: {_failures} step(s) did not pass.");
        return _failures == 0 ? 0 : 1;
    }

    private string Paint(string code, string text) => colour ? $"\e[{code}m{text}\e[0m" : text;
}
