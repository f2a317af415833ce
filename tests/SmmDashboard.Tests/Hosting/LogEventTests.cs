using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using SmmDashboard.Startup;

namespace SmmDashboard.Tests.Hosting;

/// <summary>Compares docs/log-events.md with the log events of the program.</summary>
public sealed partial class LogEventTests
{
    private const BindingFlags Any =
        BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly List<LoggerMessageAttribute> Events =
    [
        .. typeof(EntryPoint).Assembly.GetTypes().SelectMany(type => type.GetMethods(Any))
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>()).OfType<LoggerMessageAttribute>()
                .OrderBy(one => one.EventId),
    ];

    [Fact]
    public void EventIdsAreUnique()
    {
        Assert.NotEmpty(Events);
        Assert.Empty(Events.GroupBy(one => one.EventId).Where(ids => ids.Count() > 1).Select(ids => ids.Key));
    }

    [Fact]
    public void DocumentListsEveryEvent() => Assert.Equal(
        Events.Select(one => $"{one.EventId} | {Level(one.Level)} | {one.Message}"),
        Documented());

    [Fact]
    public void MessagesHaveNoFullStop() => Assert.DoesNotContain(Events, one => one.Message.EndsWith('.'));

    private static string Level(LogLevel level) => Enum.IsDefined(level) && level != LogLevel.None ? $"{level}" : "varies";

    private static IEnumerable<string> Documented()
    {
        var document = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "log-events.md"));
        var section = document.Split("\n## ").Single(one => one.StartsWith("Dashboard\n", StringComparison.Ordinal));
        return Row().Matches(section)
            .Select(row => $"{row.Groups["id"].Value} | {row.Groups["level"].Value} | {row.Groups["message"].Value}");
    }

    [GeneratedRegex(@"^\| (?<id>\d+) \| (?<level>\w+) \| `(?<message>.*)` \|$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Row();
}
