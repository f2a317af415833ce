using System.CommandLine;
using SmmAgent.Contract;

namespace SmmAgent.Cli.Output;

/// <summary><c>--output text|json</c>, the same for every command that has it.</summary>
internal static class OutputOption
{
    private const string Text = "text";
    private const string Json = "json";

    public static Option<string> Create()
    {
        var option = new Option<string>("--output")
        {
            Description = "output format",
            HelpName = $"{Text}|{Json}",
            DefaultValueFactory = _ => Text,
        };
        option.CompletionSources.Add(Text, Json);
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token, ..] && token.Value is not (Text or Json))
                result.AddError($"--output: '{NameRules.Shown(token.Value)}' is neither {Text} nor {Json}; for example: --output {Json}");
        });
        return option;
    }

    public static bool IsJson(ParseResult parsed, Option<string> option) => parsed.GetValue(option) == Json;
}
