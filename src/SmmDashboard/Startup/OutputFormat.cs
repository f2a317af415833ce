using System.CommandLine;
using SmmAgent.Contract;

namespace SmmDashboard.Startup;

/// <summary>The option <c>--output</c> of the commands that print.</summary>
internal static class OutputFormat
{
    private const string Text = "text";
    private const string Json = "json";

    public static Option<string> Create(string what)
    {
        var output = new Option<string>("--output", "-o")
        {
            Description = $"The format of the {what}: {Text} for people, {Json} for programs.",
            HelpName = $"{Text}|{Json}",
            DefaultValueFactory = _ => Text,
        };
        output.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } value && value is not (Text or Json))
                result.AddError($"--output: '{NameRules.Shown(value)}' is neither {Text} nor {Json}; for example: --output {Json}");
        });
        return output;
    }

    public static bool IsJson(ParseResult parsed, Option<string> output) => parsed.GetValue(output) == Json;
}
