using System.CommandLine;

namespace SmmAgent.Tests.Cli.Completion;

internal static class BashCompletion
{
    public static string Write()
    {
        var commands = CompletionWords.Commands;
        var paths = commands.Where(command => command is not RootCommand).Select(command => $"\"{Context(command)}\"");
        var files = CompletionWords.WithValue.Where(CompletionWords.IsFile).Select(option => option.Name);
        var values = CompletionWords.WithValue.Where(option => !CompletionWords.IsFile(option))
            .Select(
                option =>
                $"        {option.Name}) mapfile -t COMPREPLY < <(compgen -W "
                    + $"\"{string.Join(' ', CompletionWords.Words(option.HelpName!))}\" -- \"$current\"); return ;;\n");
        var words = commands.Select(command => $"        \"{Context(command)}\") words=\"{string.Join(' ', Words(command))}\" ;;\n");
        return $$"""
            # bash completion for smm-agent. Made from the command tree: CompletionTests says how.
            _smm_agent() {
                local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} context="" words="" i
                for ((i = 1; i < COMP_CWORD; i++)); do
                    case "$context ${COMP_WORDS[i]}" in
                        {{string.Join(" | ", paths)}}) context="$context ${COMP_WORDS[i]}" ;;
                    esac
                done
                case "$previous" in
                    {{string.Join(" | ", files)}}) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
            {{string.Concat(values)}}    esac
                case "$context" in
            {{string.Concat(words)}}    esac
                mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
            }
            complete -F _smm_agent smm-agent

            """;
    }

    private static string Context(Command command) => string.Concat(CommandTree.Path(command).Select(word => $" {word}"));

    private static IEnumerable<string> Words(Command command) =>
        CompletionWords.Below(command).Select(one => one.Name)
            .Concat(CompletionWords.ArgumentWords(command))
            .Concat(CompletionWords.LongOptions(command).Select(option => option.Name));
}
