using SmmAgent.Linux.Commands;

namespace SmmAgent.Tests.Cli.Completion;

/// <summary>
/// packaging/completion agrees with the command tree; SMM_GOLDEN=write writes the files. Each one is tested in its shell.
/// </summary>
public sealed class CompletionTests
{
    private static readonly string BashFile = Repository.PathOf("packaging", "completion", "smm-agent.bash");
    private static readonly string ZshFile = Repository.PathOf("packaging", "completion", "_smm-agent");
    private static readonly string FishFile = Repository.PathOf("packaging", "completion", "smm-agent.fish");

    [Fact]
    public void TheFilesAreThoseOfTheCommandTree()
    {
        foreach (var (path, text) in ((string, string)[])[
            (BashFile, BashCompletion.Write()), (ZshFile, ZshCompletion.Write()), (FishFile, FishCompletion.Write())])
        {
            if (Environment.GetEnvironmentVariable("SMM_GOLDEN") == "write")
                File.WriteAllText(path, text);
            Assert.Equal(text, File.Exists(path) ? File.ReadAllText(path) : $"there is no {path}: run the test once with SMM_GOLDEN=write");
        }
    }

    [Theory]
    [InlineData("smm-agent rec", "reconcile")]
    [InlineData("smm-agent set ",
        "dashboard-url workload-group node-ip bearer-token trusted-key proxy sidecar-mode firewall-mode self-upgrade")]
    [InlineData("smm-agent set node-ip ", "auto")]
    [InlineData("smm-agent status --output ", "text json yaml")]
    [InlineData("smm-agent status --output j", "json")]
    [InlineData("smm-agent config s", "show")]
    [InlineData("smm-agent set bearer-token --f", "--file")]
    [InlineData("smm-agent nothing-like-it x", "")]
    public async Task BashOffersWhatFits(string line, string words) => Assert.Equal(words, await BashAsync(line));

    [Fact]
    public async Task BashOffersFilesWhereAFileIsWanted()
    {
        var folder = Directory.CreateTempSubdirectory("smm-completion-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "my token"), "", TestContext.Current.CancellationToken);
            Assert.Equal(Path.Combine(folder.FullName, "my token"),
                await BashAsync($"smm-agent set bearer-token --file {folder.FullName}/my"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("smm-agent rec", "reconcile")]
    [InlineData("smm-agent set ",
        "dashboard-url workload-group node-ip bearer-token trusted-key proxy sidecar-mode firewall-mode self-upgrade")]
    [InlineData("smm-agent set node-ip ", "auto")]
    [InlineData("smm-agent status --output ", "text json yaml")]
    [InlineData("smm-agent set bearer-token --f", "--file")]
    [InlineData("smm-agent config s", "show")]
    public async Task FishOffersWhatFits(string line, string words)
    {
        var result = await RunAsync("fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", FishFile, line);

        Assert.Equal(words.Split(' ').Order(),
            result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(found => found.Split('\t')[0]).Order());
    }

    // An interactive zsh in a terminal of its own (zpty): a line with a tab at its end is typed, and the function that bears the program's
    // name prints the result.
    [Theory]
    [InlineData("smm-agent rec", "reconcile")]
    [InlineData("smm-agent set nod", "set node-ip")]
    [InlineData("smm-agent set node-ip a", "set node-ip auto")]
    [InlineData("smm-agent status --output j", "status --output json")]
    [InlineData("smm-agent set bearer-token --s", "set bearer-token --stdin")]
    public async Task ZshCompletesWhatFits(string line, string words)
    {
        const string Script = """
            zmodload zsh/zpty
            zpty shell zsh -f -i
            zpty -w shell "PS1=; fpath=($1 \$fpath); autoload -U compinit; compinit -u -D; smm-agent() { print -r -- \"<\$*\"'>' }; print rea''dy"
            zpty -r -m shell output '*ready*'
            zpty -w -n shell $2$'\t\n'
            zpty -r -m shell output '*<*>*'
            print -r -- $output
            zpty -d shell
            """;
        var result = await RunAsync("timeout", "30", "zsh", "-f", "-c", Script, "zsh", Path.GetDirectoryName(ZshFile)!, line);

        Assert.Contains($"<{words}>", result.Output, StringComparison.Ordinal);
    }

    private static async Task<string> BashAsync(string line)
    {
        const string Script = """
            source "$1"
            IFS=' ' read -r -a COMP_WORDS <<< "$2"
            [[ $2 == *' ' ]] && COMP_WORDS+=("")
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _smm_agent
            (IFS=' '; echo "${COMPREPLY[*]}")
            """;
        return (await RunAsync("bash", "--norc", "-c", Script, "bash", BashFile, line)).Output.TrimEnd('\n');
    }

    private static async Task<CommandResult> RunAsync(params string[] command)
    {
        var shell = command[0] == "timeout" ? command[2] : command[0];
        Assert.SkipUnless(ProgramSearch.Find(shell, Environment.GetEnvironmentVariable("PATH")) is not null, $"needs {shell}");
        var result = await new CommandRunner().RunAsync(command, TestContext.Current.CancellationToken, timeout: TimeSpan.FromSeconds(60));
        Assert.True(result.Succeeded, result.Describe());
        return result;
    }
}
