using System.CommandLine;
using SmmAgent.Contract;

namespace SmmAgent.Cli.Output;

/// <summary><c>--output text|json|yaml</c>, the same for every command that has it.</summary>
internal static class OutputOption
{
    private static readonly string[] Names = Enum.GetValues<PrintFormat>().Select(Name).ToArray();

    public static Option<string> Create(string description = "output format")
    {
        var option = new Option<string>("--output", "-o")
        {
            Description = description,
            HelpName = string.Join('|', Names),
            DefaultValueFactory = _ => Name(PrintFormat.Text),
        };
        option.CompletionSources.Add(Names);
        option.Validators.Add(result =>
        {
            if (result.Tokens is not [var token, ..] || Names.Contains(token.Value))
                return;

            var known = string.Join(", ", Names);
            result.AddError($"--output: '{NameRules.Shown(token.Value)}' is not one of {known}; for example: --output json");
        });
        return option;
    }

    public static PrintFormat Format(ParseResult parsed, Option<string> option)
    {
        var name = parsed.GetValue(option);
        return Enum.GetValues<PrintFormat>().First(format => Name(format) == name);
    }

    private static string Name(PrintFormat format) => format switch
    {
        PrintFormat.Json => "json",
        PrintFormat.Yaml => "yaml",
        _ => "text",
    };
}
