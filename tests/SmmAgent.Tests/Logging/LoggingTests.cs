using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;
using Serilog.Core;
using Serilog.Events;
using SmmAgent.Logging;

namespace SmmAgent.Tests.Logging;

public sealed class LoggingTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("smm-log-").FullName;
    private readonly Socket _journal = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 5000 };
    private readonly StringWriter _console = new();
    private readonly LoggingLevelSwitch _level = new();

    public void Dispose()
    {
        _journal.Dispose();
        _console.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private string SocketPath => Path.Combine(_directory, "journal");

    [Fact]
    public void AnEventIsOneDatagramWithItsPropertiesAsFields()
    {
        using var logger = Journal();
        logger.Warning("{Condition} is {Status}: {GatewayPort} {Detail}", "PortsOpen", "False", 15012, "'8080' is closed");

        Assert.Equal(
            [
                ("MESSAGE", "PortsOpen is False: 15012 '8080' is closed"),
                ("PRIORITY", "4"),
                ("SYSLOG_IDENTIFIER", "smm-agent"),
                ("SMM_CONDITION", "PortsOpen"),
                ("SMM_STATUS", "False"),
                ("SMM_GATEWAY_PORT", "15012"),
                ("SMM_DETAIL", "'8080' is closed"),
            ],
            Received());
    }

    [Fact]
    public void ANoticeHasThePriorityOfOne()
    {
        using var serilog = Journal();
        using var loggers = new Serilog.Extensions.Logging.SerilogLoggerFactory(serilog);
        var logger = loggers.CreateLogger("a test's");

        logger.Log(Microsoft.Extensions.Logging.LogLevel.Information, new(1, $"{LogText.Notice}Recovered"), "it is well again", null,
            (text, _) => text);
        Assert.Equal(("PRIORITY", "5"), Assert.Single(Received(), field => field.Name == "PRIORITY"));

        logger.Log(Microsoft.Extensions.Logging.LogLevel.Information, new(2, "Recovered"), "it is well", null, (text, _) => text);
        Assert.Equal(("PRIORITY", "6"), Assert.Single(Received(), field => field.Name == "PRIORITY"));
    }

    [Fact]
    public void AValueWithLineBreaksIsSentWithItsLengthAndMakesNoField()
    {
        using var logger = Journal();
        logger.Information("odd {Name}", "x\nPRIORITY=0\n");

        var fields = Received();
        Assert.Equal("odd x PRIORITY=0 ", fields[0].Value);
        Assert.Equal(("PRIORITY", "6"), Assert.Single(fields, field => field.Name == "PRIORITY"));
        Assert.Equal("x\nPRIORITY=0\n", fields[^1].Value);
    }

    [Fact]
    public void AnExceptionIsOneLineExceptAtLevelDebug()
    {
        using var logger = Journal();
        var exception = Thrown();

        logger.Error(exception, "the step failed");
        Assert.Equal("the step failed: IOException: No space left on device", Received()[0].Value);

        _level.MinimumLevel = LogEventLevel.Debug;
        logger.Error(exception, "the step failed");
        Assert.Contains("\n   at SmmAgent.Tests.Logging.LoggingTests.Thrown()", Received()[0].Value, StringComparison.Ordinal);
    }

    [Fact]
    public void EndlessMessageIsCutAtACompleteCharacter()
    {
        using var logger = Journal();
        logger.Information("a{Text}", string.Concat(Enumerable.Repeat("é", 500_000)));

        var message = Received()[0].Value;
        Assert.InRange(Encoding.UTF8.GetByteCount(message), 40_000, 50_000);
        Assert.StartsWith("aé", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\uFFFD', message);
    }

    [Fact]
    public void AnEventThatTheJournalRejectsGoesToTheConsole()
    {
        using var logger = Journal();
        File.Delete(SocketPath);

        logger.Warning("still logged");

        Assert.Equal("<4>still logged\n", _console.ToString());
    }

    [Fact]
    public void WithoutTheJournalsSocketThePriorityIsWrittenBeforeEachLine()
    {
        using var logger = AgentLogging.Create(Target(journalStream: "8:4711"), _level);
        _level.MinimumLevel = LogEventLevel.Debug;
        logger.Error(Thrown(), "one");
        logger.Debug("two");

        var lines = _console.ToString().TrimEnd('\n').Split('\n');
        Assert.Equal("<3>one", lines[0]);
        Assert.All(lines[..^1], line => Assert.StartsWith("<3>", line, StringComparison.Ordinal));
        Assert.Equal("<7>two", lines[^1]);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("8:1")]
    [InlineData("nonsense")]
    public void AnOutputThatIsNotTheJournalsGetsPlainLines(string? journalStream)
    {
        Listen();
        using var logger = AgentLogging.Create(Target(journalStream), _level);
        logger.Information("hello\e[31m {Who}", "you");

        Assert.Matches("^[0-9]{2}:[0-9]{2}:[0-9]{2} INFO  hello \\[31m you\n$", _console.ToString());
    }

    [Theory]
    [InlineData(true, null, "xterm-256color", true)]
    [InlineData(false, null, "xterm-256color", false)]
    [InlineData(true, "1", "xterm-256color", false)]
    [InlineData(true, null, "dumb", false)]
    [InlineData(true, null, "", false)]
    [InlineData(true, null, null, false)]
    public void ColourIsUsedOnTerminalsThatSupportIt(bool isTerminal, string? noColor, string? term, bool coloured)
    {
        var target = new LogTarget(_console, isTerminal, name => name switch { "NO_COLOR" => noColor, "TERM" => term, _ => null }, []);
        using var logger = AgentLogging.Create(target, _level);
        logger.Warning("x");

        Assert.Equal(coloured, _console.ToString().Contains('\e', StringComparison.Ordinal));
    }

    [Fact]
    public void InformationOfTheFrameworkIsOmitted()
    {
        using var logger = AgentLogging.Create(Target(null), _level);
        logger.ForContext(Constants.SourceContextPropertyName, "Microsoft.Hosting.Lifetime").Information("chatter");
        logger.ForContext(Constants.SourceContextPropertyName, "System.Net.Http.HttpClient").Information("chatter");
        logger.ForContext(Constants.SourceContextPropertyName, "Microsoft.AspNetCore.Server.Kestrel").Warning("trouble");
        logger.ForContext(Constants.SourceContextPropertyName, "SmmAgent.Daemon.StatusService").Information("ours");

        Assert.Equal(2, _console.ToString().Count(c => c == '\n'));
        Assert.DoesNotContain("chatter", _console.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Reason", "SMM_REASON")]
    [InlineData("RetryAfter", "SMM_RETRY_AFTER")]
    [InlineData("DashboardURL", "SMM_DASHBOARD_URL")]
    [InlineData("odd-näme", "SMM_ODD_N_ME")]
    public void TheNameOfAFieldIsValidForTheJournal(string property, string field) =>
    Assert.Equal(field, JournalMessage.FieldName(property));

    [Fact]
    public void TheNameOfAFieldHasALimit() => Assert.InRange(JournalMessage.FieldName(new string('x', 300)).Length, 1, 64);

    private static IOException Thrown()
    {
        try
        {
            throw new IOException("No space left\non device");
        }
        catch (IOException exception)
        {
            return exception;
        }
    }

    private void Listen() => _journal.Bind(new UnixDomainSocketEndPoint(SocketPath));

    private Logger Journal()
    {
        Listen();
        return AgentLogging.Create(Target(journalStream: "8:4711"), _level);
    }

    private LogTarget Target(string? journalStream) =>
        new(_console, false, name => name == "JOURNAL_STREAM" ? journalStream : null,
            ["/dev/null", "socket:[4711]"])
        { JournalSocket = SocketPath };

    // The native protocol: NAME=value\n, or NAME\n, 8 bytes of length, value, \n.
    private List<(string Name, string Value)> Received()
    {
        var buffer = new byte[256 * 1024];
        var rest = buffer.AsSpan(0, _journal.Receive(buffer));
        var fields = new List<(string, string)>();
        while (rest.Length > 0)
        {
            var line = rest.IndexOf((byte)'\n');
            var equals = rest[..line].IndexOf((byte)'=');
            if (equals > 0)
            {
                fields.Add((Encoding.ASCII.GetString(rest[..equals]), Encoding.UTF8.GetString(rest[(equals + 1)..line])));
                rest = rest[(line + 1)..];
                continue;
            }

            var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(rest[(line + 1)..]);
            var value = rest.Slice(line + 9, length);
            Assert.Equal((byte)'\n', rest[line + 9 + length]);
            fields.Add((Encoding.ASCII.GetString(rest[..line]), Encoding.UTF8.GetString(value)));
            rest = rest[(line + 10 + length)..];
        }

        return fields;
    }
}
