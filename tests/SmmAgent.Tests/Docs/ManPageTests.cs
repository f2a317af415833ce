using System.CommandLine;
using System.Reflection;
using System.Text.RegularExpressions;
using SmmAgent.Core.Settings;
using SmmAgent.Host;
using SmmAgent.Linux.Commands;
using SmmAgent.Tests.Cli;

namespace SmmAgent.Tests.Docs;

/// <summary>The man pages describe exactly the commands, options, keys, defaults and exit codes of the program.</summary>
public sealed partial class ManPageTests
{
    private static readonly string AgentPage = Repository.PathOf("packaging", "man", "smm-agent.8");
    private static readonly string SettingsPage = Repository.PathOf("packaging", "man", "smm-agent.yaml.5");

    [Fact]
    public void EveryCommandIsThereWithItsArgumentsAndOptions() => Assert.Equal(
        CommandTree.All().Where(command => !command.Hidden && command.Subcommands.Count == 0).Select(Signature).Order(),
        Entry().Matches(File.ReadAllText(AgentPage)).Select(match => Signature(match.Groups[1].Value)).Order());

    [Fact]
    public void EveryExitCodeIsThere() => Assert.Equal(
        typeof(ExitCode).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => field.GetRawConstantValue()!.ToString()!)
        .Order(),
        ExitStatus().Matches(File.ReadAllText(AgentPage)).Select(match => match.Groups[1].Value).Order());

    [Fact]
    public void EveryFileOfTheAgentIsThere()
    {
        var paths = new AgentPaths();
        var page = File.ReadAllText(AgentPage);

        Assert.All(
            (string[])[paths.Settings, paths.BearerToken, paths.StateDirectory, paths.HostStateDirectory, paths.Status, paths.Lock],
            path => Assert.Contains($".It Pa {path}", page, StringComparison.Ordinal));
    }

    [Fact]
    public void EverySettingIsThereWithItsDefault() => Assert.Equal(
        SettingsTable.Rows(new AgentSettings())
        .Select(setting => $"{setting.Key}: {(setting.Value == SettingsTable.None ? "none" : setting.Value)}"),
        Setting().Matches(File.ReadAllText(SettingsPage)).Select(match => $"{match.Groups[1].Value}: {match.Groups[2].Value}"));

    [Fact]
    public async Task TheirMarkupIsClean()
    {
        foreach (var page in (string[])[AgentPage, SettingsPage])
        {
            await CleanAsync("groff", "-ww", "-mdoc", "-Tutf8", "-z", page);
            await CleanAsync("mandoc", "-Tlint", "-W", "warning", page);
        }
    }

    private static async Task CleanAsync(params string[] command)
    {
        var result = await new CommandRunner().RunAsync(command, TestContext.Current.CancellationToken, timeout: TimeSpan.FromMinutes(1));
        Assert.SkipWhen(result.Ending == CommandEnding.NotFound, $"needs {command[0]}");
        Assert.True(result.Succeeded && result.Output.Length + result.Error.Length == 0,
            $"{result.Describe()}\n{result.Output}{result.Error}");
    }

    /// <summary>The command's words, then its options, then its arguments and values, each sorted.</summary>
    private static string Signature(Command command) => Joined(
        CommandTree.Path(command),
        CommandTree.Options(command).Select(option => option.Name),
        command.Arguments.Where(argument => !argument.Hidden).Select(argument => argument.Name)
            .Concat(CommandTree.Options(command).Select(option => option.HelpName ?? "")));

    // mdoc: Fl -x is --x; Ar begins placeholders; Cm begins words that are typed as they stand; Oo, Oc and | only group.
    private static string Signature(string entry)
    {
        List<string> path = [], options = [], values = [];
        var (list, isPath) = (path, true);
        foreach (var word in entry.Split(' '))
        {
            if (word is "Oo" or "Oc" or "Ns" or "=")
                continue;
            if (word == "Fl")
                (list, isPath) = (options, false);
            else if (word is "Ar")
                (list, isPath) = (values, false);
            else if (word == "Cm")
                list = isPath ? path : values;
            else if (word != "|")
                list.Add(list == options ? $"-{word}" : word);
        }

        return Joined(path, options, values);
    }

    private static string Joined(IEnumerable<string> path, IEnumerable<string> options, IEnumerable<string> values) =>
        string.Join(' ', path) + " / "
        + string.Join(' ', options.Where(option => !option.EndsWith("-help", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        + " / "
        + string.Join(
            ' ', values.SelectMany(value => value.Split('|', StringSplitOptions.RemoveEmptyEntries)).Order(StringComparer.Ordinal));

    [GeneratedRegex(@"^\.It Cm (.+)$", RegexOptions.Multiline)]
    private static partial Regex Entry();

    [GeneratedRegex(@"^\.It (\d+)$", RegexOptions.Multiline)]
    private static partial Regex ExitStatus();

    [GeneratedRegex(@"^\.It Va (\S+)\nDefault: (.+)\.$", RegexOptions.Multiline)]
    private static partial Regex Setting();
}
