using System.CommandLine;
using System.Text.Json;
using SmmAgent.Contract;
using SmmAgent.Contract.Yaml;

namespace SmmDashboard.Startup;

/// <summary>The option <c>--output</c> of the commands that print.</summary>
internal static class OutputFormat
{
    private const string Text = "text";
    private const string Json = "json";
    private const string Yaml = "yaml";
    private static readonly string[] Names = [Text, Json, Yaml];

    public static Option<string> Create(string what)
    {
        var output = new Option<string>("--output", "-o")
        {
            Description = $"The format of the {what}: {Text} for people, {Json} and {Yaml} for programs.",
            HelpName = string.Join('|', Names),
            DefaultValueFactory = _ => Text,
        };
        output.CompletionSources.Add(Names);
        output.Validators.Add(result =>
        {
            if (result.Tokens is not [var token] || Names.Contains(token.Value))
                return;

            var known = string.Join(", ", Names);
            result.AddError($"--output: '{NameRules.Shown(token.Value)}' is not one of {known}; for example: --output {Json}");
        });
        return output;
    }

    /// <summary>Formats the result of a command.</summary>
    /// <param name="format">The value of the option.</param>
    /// <param name="text">Creates the text for people.</param>
    /// <param name="json">Creates one value of JSON.</param>
    public static string Write(string? format, Func<string> text, Func<string> json) => format switch
    {
        Json => json() + "\n",
        Yaml => ToYaml(json()),
        _ => text(),
    };

    private static string ToYaml(string json)
    {
        using var document = JsonDocument.Parse(json);
        return OneLine.ReplaceUnprintableInLines(YamlFromJson.Write(document.RootElement));
    }
}
