using System.CommandLine;
using System.Text;

namespace SmmAgent.Tests.Cli.Completion;

internal static class FishCompletion
{
    public static string Write()
    {
        var text = new StringBuilder(
            "# fish completion for smm-agent. Made from the command tree: CompletionTests says how.\ncomplete -c smm-agent -f\n");
        foreach (var command in CompletionWords.Commands)
        {
            var below = CompletionWords.Below(command).ToList();
            var here = Condition(command, below);
            foreach (var one in below)
                text.Append($"complete -c smm-agent -n {Quoted(here)} -a {one.Name} -d {Quoted(one.Description!)}\n");
            foreach (var word in CompletionWords.ArgumentWords(command))
                text.Append($"complete -c smm-agent -n {Quoted(here)} -a {word}\n");
            foreach (var option in CompletionWords.LongOptions(command))
                text.Append(
                    $"complete -c smm-agent -n {Quoted(here)} -l {option.Name[2..]}{Value(option)} -d {Quoted(option.Description!)}\n");
        }

        return text.ToString();
    }

    private static string Condition(Command command, List<Command> below)
    {
        var seen = CommandTree.Path(command).Select(word => $"__fish_seen_subcommand_from {word}");
        var notYet = below.Count == 0 ? []
            : (string[])[$"not __fish_seen_subcommand_from {string.Join(' ', below.Select(one => one.Name))}"];
        return string.Join("; and ", seen.Concat(notYet));
    }

    private static string Value(Option option) =>
        option.HelpName is null ? "" : CompletionWords.IsFile(option) ? " -r -F"
        : $" -x -a {Quoted(string.Join(' ', CompletionWords.Words(option.HelpName)))}";

    private static string Quoted(string text) =>
        $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal)}'";
}
