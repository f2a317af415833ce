using System.CommandLine;

namespace SmmAgent.Tests.Cli.Completion;

internal static class ZshCompletion
{
    public static string Write()
    {
        var commands = CompletionWords.Commands;
        var paths = commands.Where(command => command is not RootCommand).Select(command => $"\"{Context(command)}\"");
        var files = CompletionWords.WithValue.Where(CompletionWords.IsFile).Select(option => option.Name);
        var values = CompletionWords.WithValue.Where(option => !CompletionWords.IsFile(option))
            .Select(option => $"        ({option.Name}) compadd {string.Join(' ', CompletionWords.Words(option.HelpName!))}; return ;;\n");
        var candidates = commands.Select(
            command => $"        (\"{Context(command)}\") candidates=({string.Join(' ', Candidates(command))}) ;;\n");
        return $$"""
            #compdef smm-agent
            # zsh completion for smm-agent. Made from the command tree: CompletionTests says how.
            _smm-agent() {
                local context="" word
                local -a candidates
                for word in "${(@)words[2,CURRENT-1]}"; do
                    case "$context $word" in
                        ({{string.Join("|", paths)}}) context="$context $word" ;;
                    esac
                done
                case "${words[CURRENT-1]}" in
                    ({{string.Join("|", files)}}) _files; return ;;
            {{string.Concat(values)}}    esac
                case "$context" in
            {{string.Concat(candidates)}}    esac
                _describe smm-agent candidates
            }
            _smm-agent "$@"

            """;
    }

    private static string Context(Command command) => string.Concat(CommandTree.Path(command).Select(word => $" {word}"));

    private static IEnumerable<string> Candidates(Command command) =>
        CompletionWords.Below(command).Select(one => Candidate(one.Name, one.Description))
            .Concat(CompletionWords.ArgumentWords(command).Select(word => Candidate(word, null)))
            .Concat(CompletionWords.LongOptions(command).Select(option => Candidate(option.Name, option.Description)));

    private static string Candidate(string name, string? description)
    {
        var text = description is null ? name : $"{name}:{description}";
        return $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
    }
}
