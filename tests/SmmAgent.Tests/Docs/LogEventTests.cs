using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using SmmAgent.Host;

namespace SmmAgent.Tests.Docs;

/// <summary>The log events of the agent have unique ids, one style, and a row each in docs/log-events.md.</summary>
public sealed partial class LogEventTests
{
    private const BindingFlags Any =
        BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly List<LoggerMessageAttribute> Events =
    [
        .. typeof(ExitCode).Assembly.GetTypes().SelectMany(type => type.GetMethods(Any))
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()).OfType<LoggerMessageAttribute>()
            .OrderBy(one => one.EventId),
    ];

    [Fact]
    public void IdsAreUniqueAndNamedByArea()
    {
        Assert.NotEmpty(Events);
        Assert.Empty(Events.GroupBy(one => one.EventId).Where(same => same.Count() > 1).Select(same => same.Key));
        Assert.All(Events, one => Assert.InRange(one.EventId, 1001, 9999));
    }

    [Fact]
    public void MessagesAreInSentenceCaseWithoutAFullStop() =>
        Assert.All(Events, one => Assert.Matches(@"^(\p{Lu}|\{|smm-agent \{Version\} ).*[^.]$", one.Message));

    [Fact]
    public void TheFieldOfAReasonIsCalledReason() =>
        Assert.DoesNotContain(Events, one => one.Message.Contains("{Why}", StringComparison.Ordinal)
            || one.Message.Contains("{Fault}", StringComparison.Ordinal)
            || one.Message.Contains("{Problem}", StringComparison.Ordinal)
            || one.Message.Contains("{Error}", StringComparison.Ordinal));

    [Fact]
    public void TheDocumentListsEveryEvent() => Assert.Equal(
        Events.Select(one => $"{one.EventId} | {Level(one.Level)} | {one.Message}"),
        Documented());

    private static string Level(LogLevel level) => Enum.IsDefined(level) && level != LogLevel.None ? $"{level}" : "varies";

    private static IEnumerable<string> Documented()
    {
        var page = string.Join('\n', RepositoryFiles.Markdown.Single(file => file.Path == "docs/log-events.md").Lines);
        var section = page.Split("\n## ").Single(one => one.StartsWith("Agent\n", StringComparison.Ordinal));
        return Row().Matches(section).Select(row =>
            $"{int.Parse(row.Groups["id"].Value, CultureInfo.InvariantCulture)} | {row.Groups["level"].Value} | "
                + $"{row.Groups["message"].Value}");
    }

    [GeneratedRegex(@"^\| (?<id>\d+) \| (?<level>\w+) \| `(?<message>.*)` \|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Row();
}
