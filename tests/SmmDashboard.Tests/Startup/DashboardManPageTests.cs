using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using SmmDashboard.Startup;

namespace SmmDashboard.Tests.Startup;

/// <summary>smm-dashboard(8) describes exactly the commands and the options of the program, with their defaults.</summary>
public sealed partial class DashboardManPageTests
{
    private static readonly string Page = Repository.PathOf("packaging", "dashboard", "smm-dashboard.8");

    [Fact]
    public void EveryOptionIsThereWithItsValue() => Assert.Equal(
        Options(new CommandLine().Root).Select(option => $"{option.Name} {option.HelpName}".TrimEnd()).Order(),
        RootOption().Matches(File.ReadAllText(Page)).Select(match => $"-{match.Groups[1].Value} {match.Groups[2].Value}".TrimEnd())
        .Order());

    [Fact]
    public void EveryCommandIsThereWithItsArgumentsAndOptions() => Assert.Equal(
        new CommandLine().Root.Subcommands.Select(Signature).Order(),
        Entry().Matches(File.ReadAllText(Page)).Select(match => Signature(match.Groups[1].Value)).Order());

    [Fact]
    public void DefaultOfEveryLimitIsThatOfTheHelp()
    {
        var page = File.ReadAllText(Page);
        var limits = Options(new CommandLine().Root).Where(option => option.HelpName == "N").ToList();

        Assert.True(limits.Count > 5, string.Create(CultureInfo.InvariantCulture, $"{limits.Count}"));
        Assert.All(limits, option =>
        {
            var standard = Default().Match(option.Description!).Value;
            Assert.NotEqual("", standard);
            var entry = page[page.IndexOf($".It Fl {option.Name[1..]} ", StringComparison.Ordinal)..].Split("\n.It ", 2)[0];
            Assert.Contains(standard, entry, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("groff", "-ww", "-mdoc", "-Tutf8", "-z")]
    [InlineData("mandoc", "-Tlint", "-W", "warning")]
    public void MarkupIsClean(params string[] command)
    {
        Assert.SkipUnless(Shell.Try("sh", "-c", $"command -v {command[0]}").ExitCode == 0, $"needs {command[0]}");
        Assert.Equal("", Shell.Run([.. command, Page]));
    }

    [Fact]
    public void HelpListsEveryCommandInALineBeforeTheOptions()
    {
        var root = new CommandLine().Root;
        var help = Help("--help");
        var commands = help[help.IndexOf("Commands:\n", StringComparison.Ordinal)..help.IndexOf("Options:\n", StringComparison.Ordinal)];

        Assert.Equal(root.Subcommands.Count, commands.TrimEnd().Split('\n').Length - 1);
        Assert.All(root.Subcommands, command => Assert.Contains($"  {command.Name} ", commands, StringComparison.Ordinal));
        Assert.All(commands.Split('\n'), line => Assert.True(line.Length <= 80, line));
        Assert.Contains("machines [MACHINE] ", commands, StringComparison.Ordinal);
    }

    [Fact]
    public void HelpOfACommandIsThatOfItsOption()
    {
        Assert.Equal(Help("--help"), Help("help"));
        foreach (var command in new CommandLine().Root.Subcommands)
        {
            Assert.Equal(Help(command.Name, "--help"), Help("help", command.Name));
            Assert.Contains(command.Description!, Help(command.Name, "-h"), StringComparison.Ordinal);
        }
    }

    private static string Help(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Null(new CommandLine().Parse(arguments, error, out var exitCode, output));
        Assert.Equal((0, ""), (exitCode, error.ToString()));
        return output.ToString();
    }

    private static IEnumerable<Option> Options(Command command) =>
        command.Options.Where(option => option is { Hidden: false, Name: not "--help" });

    /// <summary>The name, then the options, then the arguments and values, each sorted.</summary>
    private static string Signature(Command command) => Joined(
        command.Name,
        Options(command).Select(option => option.Name),
        command.Arguments.Select(argument => argument.Name).Concat(Options(command).Select(option => option.HelpName ?? "")));

    // mdoc: Fl -x is --x; Ar and Cm begin values; Oo, Oc and | only group.
    private static string Signature(string entry)
    {
        var words = entry.Split(' ');
        List<string> options = [], values = [];
        var list = values;
        foreach (var word in words[1..])
        {
            if (word == "Fl")
                list = options;
            else if (word is "Ar" or "Cm")
                list = values;
            else if (word is not ("Oo" or "Oc" or "|"))
                list.Add(list == options ? $"-{word}" : word);
        }

        return Joined(words[0], options, values);
    }

    private static string Joined(string name, IEnumerable<string> options, IEnumerable<string> values) =>
        $"{name} / {string.Join(' ', options.Order(StringComparer.Ordinal))} / "
        + string.Join(
            ' ', values.SelectMany(value => value.Split('|', StringSplitOptions.RemoveEmptyEntries)).Order(StringComparer.Ordinal));

    [GeneratedRegex(@"^\.It Cm (.+)$", RegexOptions.Multiline)]
    private static partial Regex Entry();

    [GeneratedRegex(@"^\.It Fl (-\S+)(?: Ar (.+))?$", RegexOptions.Multiline)]
    private static partial Regex RootOption();

    [GeneratedRegex(@"Default: (\d+|a quarter of the total)")]
    private static partial Regex Default();
}
