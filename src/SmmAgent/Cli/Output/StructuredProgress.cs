using System.CommandLine;
using System.Text.Json;
using SmmAgent.Host;

namespace SmmAgent.Cli.Output;

/// <summary>Runs a command that reports progress, and prints its lines as one object if JSON or YAML is wanted.</summary>
internal static class StructuredProgress
{
    /// <param name="run">Returns the exit code, and writes further members of the object.</param>
    public static async Task<int> RunAsync(PrintFormat format, Func<Progress, Task<(int Code, Action<Utf8JsonWriter>? Members)>> run)
    {
        if (format == PrintFormat.Text)
            return (await run(Progress.OnConsole())).Code;

        List<ProgressLine> lines = [];
        var (code, members) = await run(Progress.Collected(lines));
        await Console.Out.WriteAsync(StructuredText.Write(format, json => Write(json, lines, members)));
        return code;
    }

    /// <summary>An error unless the command only plans: the progress of a change is printed while it happens.</summary>
    public static void NeedsDryRun(Command command, Option<string> output, Option<bool> dryRun) => command.Validators.Add(result =>
    {
        if (result.GetResult(output) is { Implicit: false } && !result.GetValue(dryRun))
            result.AddError($"--output needs --dry-run; for example: sudo smm-agent {command.Name} --dry-run --output json");
    });

    private static void Write(Utf8JsonWriter json, List<ProgressLine> lines, Action<Utf8JsonWriter>? members)
    {
        json.WriteStartObject();
        members?.Invoke(json);
        if (members is null)
        {
            json.WriteStartArray("steps");
            foreach (var line in lines.Where(line => line.Kind == ProgressKind.Step))
                WriteLine(json, "part", line.Part, line.Text);
            json.WriteEndArray();
        }

        json.WriteStartArray("messages");
        foreach (var line in lines.Where(line => members is not null || line.Kind != ProgressKind.Step))
            WriteLine(json, "level", Level(line.Kind), line.Text);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteLine(Utf8JsonWriter json, string name, string value, string text)
    {
        json.WriteStartObject();
        json.WriteString(name, value);
        json.WriteString("text", text);
        json.WriteEndObject();
    }

    private static string Level(ProgressKind kind) => kind switch
    {
        ProgressKind.Failure => "failure",
        ProgressKind.Warning => "warning",
        _ => "info",
    };
}
