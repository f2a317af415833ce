using System.Diagnostics;
using SmmAgent.Testbed;

namespace SmmAgent.Demo;

/// <summary>Tells what happens, and keeps count of what did not go as told.</summary>
internal sealed class Narrator(TextWriter output, bool colour)
{
    private readonly Stopwatch _watch = Stopwatch.StartNew();

    public int Disappointments { get; private set; }

    public void Chapter(string title) => output.WriteLine($"\n{Paint("1", title)}");

    /// <summary>What the reader could type to do the same.</summary>
    public void Does(string command) => output.WriteLine($"  {Paint("2", "$ " + command)}");

    public void Sees(bool asTold, string what)
    {
        if (!asTold)
            Disappointments++;
        output.WriteLine($"  {(asTold ? Paint("32", "✓") : Paint("31", "✗"))} {what}");
    }

    /// <summary>Waits for a condition, and shows it with its reason and its message.</summary>
    public async Task SeesConditionAsync(VmAgent agent, string type, string status, string? reason = null)
    {
        try
        {
            var took = await agent.UntilConditionAsync(type, status, reason, TimeSpan.FromSeconds(75));
            var now = agent.Condition(type);
            Sees(true, $"{type,-20} {now.Status,-6} {now.Reason,-14} {Paint("2", $"after {took.TotalSeconds:0.0} s")}\n      "
                + $"{now.Message}");
        }
        catch (TimeoutException)
        {
            var now = agent.Condition(type);
            Sees(false, $"{type} should be {status} {reason}, but is {now.Status} {now.Reason}: {now.Message}");
        }
    }

    public int Ends()
    {
        output.WriteLine();
        output.WriteLine(Disappointments == 0
            ? $"All went as told, in {_watch.Elapsed.TotalSeconds:0} s. Namespaces, processes and files of the demo are gone."
            : $"{Disappointments} thing(s) did not go as told.");
        return Disappointments == 0 ? 0 : 1;
    }

    private string Paint(string code, string text) => colour ? $"\e[{code}m{text}\e[0m" : text;
}
