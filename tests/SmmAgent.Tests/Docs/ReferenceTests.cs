using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using SmmAgent.Host;
using SmmAgent.Core.Status;
using SmmAgent.Tests.Cli;

namespace SmmAgent.Tests.Docs;

/// <summary>The reference pages name what the program has, and nothing else; the README names commands that exist.</summary>
public sealed partial class ReferenceTests
{
    /// <summary>Every metric is in the output before the first observation, so that the output without a VM is complete.</summary>
    [Fact]
    public void EveryMetricIsDocumentedWithItsType()
    {
        var process = new ProcessFacts { Version = "0.1.0", StartedAt = default, Usage = new(default, 0, 0, null, null) };
        var status = AgentStatusBuilder.Build(new(), [], new("0.1.0", null), default);
        var text = MetricsText.Write(status, new(), process);

        Assert.Equal(MetricDocs.OfAgent, MetricDocs.FromText(text));
        if (Promtool.Missing is null)
            Assert.Equal((0, ""), Promtool.CheckMetrics(text));
    }

    [Fact]
    public void EveryExitCodeIsDocumented() => Assert.Equal(
        typeof(ExitCode).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => Convert.ToInt32(field.GetRawConstantValue(), CultureInfo.InvariantCulture)).Order(),
        Rows("docs/exit-codes.md").TakeWhile(cells => cells[0].Length > 0).Select(cells => cells[0])
        .Where(cell => int.TryParse(cell, out _))
            .Select(cell => int.Parse(cell, CultureInfo.InvariantCulture)).Distinct().Order());

    [Fact]
    public void EveryMemberOfStatusJsonIsDocumented()
    {
        var documented = Rows("docs/status-json.md").SelectMany(cells => cells[0].Split(", ")).ToHashSet();

        RepositoryFiles.AssertNone(Members(typeof(AgentStatus), "").Where(member => !documented.Contains(member)));
    }

    [Fact]
    public void CommandsOfTheReadmeExist()
    {
        var readme = string.Join('\n', RepositoryFiles.Markdown.Single(file => file.Path == "README.md").Lines);
        var verbs = File.ReadAllText(Repository.PathOf("build.sh"));
        var commands = CommandTree.All().Select(command => command.Name).ToHashSet();

        Assert.All(Verb().Matches(readme), match => Assert.Contains($"\n    {match.Groups[1].Value}", verbs, StringComparison.Ordinal));
        Assert.All(AgentCommand().Matches(readme), match => Assert.Contains(match.Groups[1].Value, commands));
        Assert.NotEmpty(Verb().Matches(readme));
        Assert.NotEmpty(AgentCommand().Matches(readme));
    }

    [Fact]
    public void TheReadmeIsShort() => Assert.InRange(RepositoryFiles.Markdown.Single(file => file.Path == "README.md").Lines.Count, 1, 150);

    [Fact]
    public void TheManifestsUseTheVersionOfTheBuild()
    {
        var version = VersionElement().Match(File.ReadAllText(Repository.PathOf("Directory.Build.props"))).Groups[1].Value;

        Assert.Contains($"newTag: {version}\n", File.ReadAllText(Repository.PathOf("deploy", "kubernetes", "base", "kustomization.yaml")),
            StringComparison.Ordinal);
    }

    // A type that is a string, a number or a time in JSON has no members.
    private static IEnumerable<string> Members(Type type, string prefix) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.Name != "EqualityContract")
        .SelectMany(property =>
        {
            var name = prefix + JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            var value = property.PropertyType;
            if (value.IsGenericType && value.GetGenericTypeDefinition() == typeof(IReadOnlyList<>))
                (name, value) = ($"{name}[]", value.GetGenericArguments()[0]);
            return value.Namespace!.StartsWith("SmmAgent", StringComparison.Ordinal) ? Members(value, $"{name}.") : [name];
        });

    /// <summary>The cells of each row, without the backquotes of the first.</summary>
    private static IEnumerable<string[]> Rows(string page) => RepositoryFiles.Markdown.Single(file => file.Path == page).Lines
        .Where(line => line.StartsWith("| ", StringComparison.Ordinal))
        .Select(line => line.Split('|', StringSplitOptions.TrimEntries)[1..^1])
        .Select(cells => (string[])[cells[0].Replace("`", "", StringComparison.Ordinal), .. cells[1..]]);

    [GeneratedRegex("\\./build\\.sh ([a-z-]+)")]
    private static partial Regex Verb();

    [GeneratedRegex("(?:sudo |`)smm-agent ([a-z-]+)")]
    private static partial Regex AgentCommand();

    [GeneratedRegex("<Version>(.+)</Version>")]
    private static partial Regex VersionElement();
}
