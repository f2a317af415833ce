using System.CommandLine;
using SmmAgent.Cli;
using SmmAgent.Host;

namespace SmmAgent.Tests.Cli;

/// <summary>The message of a wrong command line: one line with the mistake and, if possible, a suggestion.</summary>
public sealed class UsageErrorsTests
{
    [Theory]
    [InlineData("recncile", "there is no command 'recncile'; did you mean 'reconcile'?")]
    [InlineData("recncile --help", "there is no command 'recncile'; did you mean 'reconcile'?")]
    [InlineData("stauts --watch", "there is no command 'stauts'; did you mean 'status'?")]
    [InlineData("workload-group a b", "there is no command 'workload-group'; did you mean 'set workload-group'?")]
    [InlineData("token abc", "there is no command 'token'; did you mean 'set bearer-token'?")]
    [InlineData("show", "there is no command 'show'; did you mean 'config show'?")]
    [InlineData("config shwo", "there is no command 'shwo' of 'config'; did you mean 'show'?")]
    [InlineData("set nodeIp auto", "there is no command 'nodeIp' of 'set'; did you mean 'node-ip'?")]
    [InlineData("set url https://a", "there is no command 'url' of 'set'; did you mean 'dashboard-url'?")]
    [InlineData("frobnicate", "there is no command 'frobnicate'")]
    [InlineData("@file", "there is no command '@file'")]
    public void AnUnknownCommandIsReportedWithASuggestion(string line, string error) => Assert.Equal(error, Error(line));

    [Theory]
    [InlineData("attach", "run: sudo smm-agent reconcile")]
    [InlineData("up", "run: sudo smm-agent reconcile")]
    [InlineData("START --now", "run: sudo smm-agent reconcile")]
    [InlineData("down", "run: sudo smm-agent detach --dry-run, then: sudo smm-agent detach")]
    [InlineData("leave", "run: sudo smm-agent detach --dry-run, then: sudo smm-agent detach")]
    [InlineData("uninstall", "run: sudo smm-agent detach --dry-run, then: sudo smm-agent detach")]
    [InlineData("logs -f", "run: journalctl -u smm-agent -f")]
    [InlineData("get", "run: smm-agent config show")]
    [InlineData("install", "run: sudo smm-agent reconcile")]
    [InlineData("restart", "run: sudo systemctl restart smm-agent")]
    [InlineData("doctor", "run: sudo smm-agent check")]
    [InlineData("list", "run: smm-agent status --verbose")]
    public void WordOfAnotherProgramIsReportedWithTheCommand(string line, string advice) =>
        Assert.Equal($"there is no command '{line.Split(' ')[0]}'; {advice}", Error(line));

    [Theory]
    [InlineData("detatch")]
    [InlineData("dettach")]
    [InlineData("etach")]
    [InlineData("s")]
    [InlineData("set x y")]
    public void NeitherALetterNorADestructiveCommandIsSuggested(string line) =>
        Assert.DoesNotContain("did you mean", Error(line)!, StringComparison.Ordinal);

    [Theory]
    [InlineData("status -x", "'status' has no option '-x'")]
    [InlineData("status --outptu json", "'status' has no option '--outptu'; did you mean '--output'?")]
    [InlineData("status --colour", "'status' has no option '--colour'")]
    [InlineData("reconcile --dryrun", "'reconcile' has no option '--dryrun'; did you mean '--dry-run'?")]
    [InlineData("set bearer-token --stdn", "'set bearer-token' has no option '--stdn'; did you mean '--stdin'?")]
    [InlineData("set bearer-token --tokn=secret", "'set bearer-token' has no option '--tokn'")]
    [InlineData("status --json", "'status' has no option '--json'; did you mean '--output json'?")]
    [InlineData("confirm --json", "'confirm' has no option '--json'")]
    [InlineData("-V", "'smm-agent' has no option '-V'; did you mean '--version'?")]
    [InlineData("--dry-run reconcile", "'--dry-run' belongs after 'reconcile'")]
    public void AnUnknownOptionIsReportedWithASuggestion(string line, string error) => Assert.Equal(error, Error(line));

    [Theory]
    [InlineData("status --output xml", "--output: 'xml' is not one of text, json, yaml; for example: --output json")]
    [InlineData("config show --output", "'--output' needs text|json|yaml")]
    [InlineData("set bearer-token --file", "'--file' needs FILE")]
    [InlineData("set bearer-token --stdin --file",
        "--stdin, --file FILE and TOKEN cannot be combined; for example: sudo smm-agent set bearer-token --stdin < token")]
    [InlineData("set bearer-token --stdin abcdefgh",
        "--stdin, --file FILE and TOKEN cannot be combined; for example: sudo smm-agent set bearer-token --stdin < token")]
    [InlineData("set bearer-token -",
        "'-' is not a token; to read standard input, use --stdin: sudo smm-agent set bearer-token --stdin < token")]
    [InlineData("set bearer-token --file a --file b", "Option '--file' expects a single argument but 2 were provided.")]
    [InlineData("status --watch=7", "'status' does not accept '7'")]
    [InlineData("reconcile now", "'reconcile' does not accept 'now'")]
    [InlineData("join https://x", "'join' needs --workload-group NAMESPACE/NAME and --token-file FILE")]
    [InlineData("join https://x --workload-group a/b", "'join' needs --token-file FILE")]
    [InlineData("join https://x --token-file a --workload-group", "'--workload-group' needs NAMESPACE/NAME")]
    [InlineData("set node-ip", "'set node-ip' needs ADDRESS|auto")]
    [InlineData("set workload-group a", "'set workload-group' needs NAMESPACE/NAME, for example vm-integration/analytics-v0")]
    [InlineData("set workload-group", "'set workload-group' needs NAMESPACE/NAME")]
    [InlineData("status --wait=Helthy", "--wait: there is no condition 'Helthy'; did you mean 'Healthy'?")]
    [InlineData("status --wait=Healthy=maybe", "--wait: 'maybe' is not one of True, False, Unknown")]
    [InlineData("status --wait --timeout soon", "--timeout: 'soon' is not a duration, for example 120s or 2m")]
    [InlineData("status --timeout 2m", "--timeout needs --wait; for example: smm-agent status --wait --timeout 2m")]
    [InlineData("status --wait --watch", "--watch and --wait cannot be combined")]
    [InlineData("reconcile --output json", "--output needs --dry-run; for example: sudo smm-agent reconcile --dry-run --output json")]
    [InlineData("detach -o json", "--output needs --dry-run; for example: sudo smm-agent detach --dry-run --output json")]
    [InlineData("status --config /etc/passwd",
        "'status' does not accept --config: the daemon and its units read only /etc/smm/agent.yaml; --config is an option of 'check', "
            + "'config show' and 'reconcile --dry-run'")]
    [InlineData("reconcile --config /etc/passwd",
        "--config needs --dry-run: the daemon and its units read only /etc/smm/agent.yaml; --config is an option of 'check', "
            + "'config show' and 'reconcile --dry-run'")]
    [InlineData("check --config /none", "--config: /none does not exist")]
    [InlineData("check --config /etc", "--config: /etc is a directory")]
    [InlineData("status --wait=Foo", "--wait: there is no condition 'Foo'; the conditions are ATTACHED, ConfigCurrent, ")]
    [InlineData("check port", "there is no group of checks 'port'; did you mean 'ports'?")]
    [InlineData("check x", "there is no group of checks 'x'; the groups are operating-system, ")]
    [InlineData("unset node.ipp", "there is no setting 'node.ipp'; did you mean 'node.ip'?")]
    [InlineData("unset frobnicate", "there is no setting 'frobnicate'; to list them: smm-agent config show")]
    [InlineData("unset bearer-token", "the bearer token is not a setting; to remove it: sudo rm /etc/smm/bearer-token")]
    [InlineData("set bearer-token one secret", "'set bearer-token' takes no more than TOKEN")]
    public void AWrongValueIsNamedWithTheReason(string line, string error)
    {
        // A list is compared by its beginning.
        if (error.EndsWith(", ", StringComparison.Ordinal))
            Assert.StartsWith(error, Error(line), StringComparison.Ordinal);
        else
            Assert.Equal(error, Error(line));
    }

    [Fact]
    public void AnEmptyNameOfAFileIsRefused() => Assert.Equal(
        "--file: '' is not a file name; for example: --file bundle.tar.gz",
            UsageErrors.Format(AgentCommandLine.Parse(["support-bundle", "--file", ""])));

    [Fact]
    public async Task AnUnexpectedExceptionEndsInOneLine() =>
    Assert.Equal(ExitCode.Failed, await AgentCommandLine.RunAsync(["--root", "", "status"]));

    [Theory]
    [InlineData("help help", " help [<COMMAND>...] [options]")]
    [InlineData("help config show", " config show [options]")]
    [InlineData("help rollback", "Undo a reconcile that waits for its confirmation.")]
    [InlineData("status --help", "  --wait[=CONDITION]             wait for ATTACHED")]
    [InlineData("--help", "  help [COMMAND]  Print the help of a command.")]
    [InlineData("--help", "  check [GROUP]   Check every prerequisite")]
    public void HelpListsItselfAndOptionalValues(string line, string text)
    {
        using var output = new StringWriter();
        AgentCommandLine.Parse(HelpCommand.Expand(line.Split(' '))).Invoke(new InvocationConfiguration { Output = output });

        Assert.Contains(text, output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("set")]
    [InlineData("config")]
    public void AMissingCommandPrintsTheHelp(string line) => Assert.Equal("", Error(line));

    [Theory]
    [InlineData("--help")]
    [InlineData("--version")]
    [InlineData("status --output json --watch")]
    [InlineData("status -o yaml -w -v")]
    [InlineData("set workload-group a/b")]
    [InlineData("set sidecar-mode off")]
    [InlineData("status --wait --timeout 2min")]
    [InlineData("status --wait=Registered")]
    [InlineData("status -ojson")]
    [InlineData("version -o json")]
    [InlineData("reconcile --dry-run -o yaml --config /etc/passwd")]
    [InlineData("detach --dry-run -o json")]
    [InlineData("support-bundle -o json")]
    [InlineData("--config /etc/passwd config show")]
    [InlineData("check --config /etc/passwd")]
    [InlineData("set bearer-token -- --token-with-dashes")]
    public void AValidCommandLineHasNoError(string line) => Assert.Null(Error(line));

    [Fact]
    public void HelpOfEveryCommandFitsAScreen()
    {
        foreach (var command in CommandTree.All().Where(command => !command.Hidden))
        {
            using var output = new StringWriter();
            AgentCommandLine.Tree().Parse([.. CommandTree.Path(command), "--help"]).Invoke(new InvocationConfiguration { Output = output });
            var lines = output.ToString().TrimEnd('\n').Split('\n');

            Assert.True(lines.Length <= 24, $"{lines.Length} lines:\n{output}");
            Assert.All(lines, line => Assert.True(line.Length <= 80, $"{line.Length} columns: {line}"));
        }
    }

    // The parser uses the name of the running program.
    private static string? Error(string line) =>
        UsageErrors.Format(AgentCommandLine.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
            ?.Replace(RootCommand.ExecutableName, "smm-agent", StringComparison.Ordinal);
}
