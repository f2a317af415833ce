using System.Diagnostics;
using System.Globalization;

namespace SmmAgent.Fuzz.Engine;

/// <summary>
/// The command line. Each target runs in a process of its own, so that a stack overflow ends only that one, and its input is known.
/// </summary>
internal static class FuzzCommand
{
    private const string Usage = """
        usage: fuzz [TARGET...] [--inputs N] [--duration 60s|10m|2h] [--seed N] [--findings FOLDER]
               fuzz --list
               fuzz --replay TARGET FILE...      run these inputs once
               fuzz --instrument FOLDER          let SharpFuzz write branch counters into the assemblies there

        Without TARGET all targets run, each for the whole of --inputs or --duration (default: 60s).
        """;

    public static int Run(string[] args, IReadOnlyList<FuzzTarget> targets)
    {
        var words = new Queue<string>(args);
        List<string> names = [];
        var (inputs, duration, seed, findings, isChild) = (
            (long?)null, (TimeSpan?)null, 1, Path.Combine(Environment.CurrentDirectory, "findings"), false);
        while (words.TryDequeue(out var word))
        {
            switch (word)
            {
                case "--list":
                    Console.WriteLine(string.Join('\n', targets.Where(target => !target.IsEngineOnly).Select(target => target.Name)));
                    return 0;
                case "--replay":
                    return Replay(Find(words.Dequeue(), targets)!, words);
                case "--instrument":
                    return Instrumentation.Write(words.Dequeue());
                case "--child":
                    isChild = true;
                    break;
                case "--inputs" when words.TryDequeue(out var text) && long.TryParse(text, out var count):
                    inputs = count;
                    break;
                case "--duration" when words.TryDequeue(out var text) && Time(text) is { } time:
                    duration = time;
                    break;
                case "--seed" when words.TryDequeue(out var text) && int.TryParse(text, out var number):
                    seed = number;
                    break;
                case "--findings" when words.TryDequeue(out var folder):
                    findings = folder;
                    break;
                case var _ when Find(word, targets) is not null:
                    names.Add(word);
                    break;
                default:
                    Console.Error.WriteLine($"'{word}' is no target and no option\n{Usage}");
                    return 2;
            }
        }

        var plan = new FuzzPlan(inputs, duration ?? (inputs is null ? TimeSpan.FromSeconds(60) : null), seed);
        var chosen = names.Count > 0 ? names.ConvertAll(name => Find(name, targets)!) : [.. targets.Where(target => !target.IsEngineOnly)];
        return isChild
            ? chosen.Max(target => Here(target, plan, findings)) : chosen.Sum(target => InChild(target, plan, findings)) is 0 ? 0 : 1;
    }

    private static FuzzTarget? Find(string name, IReadOnlyList<FuzzTarget> targets) =>
        targets.FirstOrDefault(target => target.Name == name);

    private static int Here(FuzzTarget target, FuzzPlan plan, string folder)
    {
        using var findings = new Findings(folder, target.MaximumBytes);
        var result = new FuzzRun(target, plan, findings).Run();
        Console.WriteLine(result);
        foreach (var fault in result.Faults)
            Console.WriteLine($"  FAULT {fault}");
        return result.Faults.Count == 0 ? 0 : 1;
    }

    private static int InChild(FuzzTarget target, FuzzPlan plan, string folder)
    {
        string[] arguments =
        [
            .. Path.GetFileName(Environment.ProcessPath) == "dotnet"
                ? [typeof(FuzzCommand).Assembly.Location] : Array.Empty<string>(), "--child", target.Name, "--findings", folder,
            "--seed", plan.Seed.ToString(CultureInfo.InvariantCulture),
            .. plan.Inputs is { } inputs ? ["--inputs", inputs.ToString(CultureInfo.InvariantCulture)] : Array.Empty<string>(),
            .. plan.Duration is { } duration ? ["--duration", $"{duration.TotalSeconds:0}s"] : Array.Empty<string>(),
        ];
        using var child = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, arguments) { RedirectStandardError = true })!;
        // A stack overflow prints thousands of frames.
        for (var line = 0; child.StandardError.ReadLine() is { } text; line++)
        {
            if (line < 40)
                Console.Error.WriteLine(text);
        }

        child.WaitForExit();
        if (child.ExitCode is 0 or 1)
            return child.ExitCode;

        var file = Findings.Current(folder) is { } input ? Findings.Keep(folder, target.Name, input) : "no input";
        Console.WriteLine($"  FAULT {file}: {target.Name} ended its process with {child.ExitCode}");
        return 1;
    }

    private static int Replay(FuzzTarget target, IEnumerable<string> files)
    {
        var failed = 0;
        foreach (var file in files)
        {
            var clock = Stopwatch.StartNew();
            var fault = FuzzRun.Once(target, File.ReadAllBytes(file));
            Console.WriteLine($"{file}: {clock.Elapsed.TotalMilliseconds:0} ms: {fault?.ToString() ?? "no fault"}");
            failed |= fault is null ? 0 : 1;
        }

        return failed;
    }

    private static TimeSpan? Time(string text) =>
        text.Length > 1 && int.TryParse(text.AsSpan(0, text.Length - 1), out var number)
            ? text[^1] switch
            {
                's' => TimeSpan.FromSeconds(number),
                'm' => TimeSpan.FromMinutes(number),
                'h' => TimeSpan.FromHours(number),
                _ => null
            }
            : null;
}
