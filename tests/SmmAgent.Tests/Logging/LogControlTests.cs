using Serilog.Core;
using Serilog.Events;
using SmmAgent.Logging;

namespace SmmAgent.Tests.Logging;

public sealed class LogControlTests
{
    private readonly LoggingLevelSwitch _level = new(LogEventLevel.Information);
    private readonly List<string> _log = [];

    [Theory]
    [InlineData("debug", LogEventLevel.Debug, "debug")]
    [InlineData("info", LogEventLevel.Information, "info")]
    [InlineData("notice", LogEventLevel.Information, "info")]
    [InlineData("warning", LogEventLevel.Warning, "warning")]
    [InlineData("err", LogEventLevel.Error, "err")]
    [InlineData("crit", LogEventLevel.Fatal, "crit")]
    [InlineData("emerg", LogEventLevel.Fatal, "crit")]
    public void LevelIsThatOfTheWord(string word, LogEventLevel expected, string read)
    {
        var control = new LogControl(_level, "journal");

        control.Set(word, Log);

        Assert.Equal(expected, _level.MinimumLevel);
        Assert.Equal(read, control.Level);
        Assert.Equal([$"Information {word} info"], _log);
    }

    [Fact]
    public void EveryChangeIsLoggedAtALevelThatAdmitsTheMessage()
    {
        var control = new LogControl(_level, "console");

        foreach (var word in (string[])["err", "warning", "debug"])
            control.Set(word, Log);

        Assert.Equal(["Information err info", "Information warning err", "Information debug warning"], _log);
        Assert.Equal("console", control.Target);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Debug")]
    [InlineData("loud")]
    public void UnknownWordIsRefused(string word)
    {
        var control = new LogControl(_level, "journal");

        Assert.Throws<ArgumentException>(() => control.Set(word, Log));

        Assert.Equal(LogEventLevel.Information, _level.MinimumLevel);
        Assert.Empty(_log);
    }

    private void Log(string after, string before) => _log.Add($"{_level.MinimumLevel} {after} {before}");
}
