using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Sidecar;
using SmmAgent.Linux.Tests.Files;

namespace SmmAgent.Linux.Tests.Sidecar;

/// <summary>The logs are in a folder of the sidecar's user, who may put anything there.</summary>
public sealed class SidecarLogFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("smm-log-").FullName;

    private string Log => Path.Combine(_folder, "istio.err.log");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void LogIsReadWithTheTimeOfItsLastWrite()
    {
        File.WriteAllText(Log, "one\ntwo\n");
        var written = new DateTime(2024, 5, 1, 12, 0, 0, DateTimeKind.Utc);
        File.SetLastWriteTimeUtc(Log, written);

        Assert.Equal(new SidecarLogText("one\ntwo\n", written), SidecarLogFiles.Read(Log).Value);
    }

    [Fact]
    public void MissingLogIsReadAsEmpty()
    {
        Assert.Same(SidecarLogText.Empty, SidecarLogFiles.Read(Log).Value);
        Assert.Same(SidecarLogText.Empty, SidecarLogFiles.Read(Path.Combine(Log, "below")).Value);
    }

    [Fact]
    public void EndOfALongLogIsReadInWholeLines()
    {
        File.WriteAllText(Log, string.Concat(Enumerable.Range(0, 20_000).Select(i => $"line {i:00000}\n")));

        var text = SidecarLogFiles.Read(Log).Value!.Text;

        Assert.InRange(text.Length, SidecarLogFiles.MostBytes - 11, SidecarLogFiles.MostBytes);
        Assert.StartsWith("line 1", text, StringComparison.Ordinal);
        Assert.EndsWith("line 19999\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void LineThatIsTooLongIsNotRead()
    {
        File.WriteAllText(Log, new string('x', 3 * SidecarLogFiles.MostBytes));

        Assert.Equal("", SidecarLogFiles.Read(Log).Value!.Text);
    }

    [Fact]
    public void SparseLogIsReadAtOnce()
    {
        using (var file = File.Create(Log))
        {
            file.SetLength(1L << 40); // a log that was truncated while its writer kept its offset begins with a hole
            file.Position = file.Length;
            file.Write("first\nlast\n"u8);
        }

        Assert.Equal("first\nlast\n", SidecarLogFiles.Read(Log).Value!.Text);
    }

    [Fact]
    public void LinkIsNotFollowed()
    {
        File.WriteAllText(Path.Combine(_folder, "secret"), "root's");
        File.CreateSymbolicLink(Log, Path.Combine(_folder, "secret"));

        Assert.Equal($"the sidecar's log cannot be read: {Log} is a link, which a log never is", SidecarLogFiles.Read(Log).UnknownReason);
    }

    [Fact]
    public async Task FifoAndAFolderAreRefusedInsteadOfWaitedFor()
    {
        var fifo = Path.Combine(_folder, "fifo");
        Assert.True((await new CommandRunner().RunAsync(["mkfifo", fifo], TestContext.Current.CancellationToken)).Succeeded);

        var reading = Task.Run(() => SidecarLogFiles.Read(fifo));
        var read = await reading.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.EndsWith("is not a plain file", read.UnknownReason, StringComparison.Ordinal);
        Assert.EndsWith("is a directory", SidecarLogFiles.Read(_folder).UnknownReason, StringComparison.Ordinal);
    }

    [Fact]
    public void UnreadableLogIsReported()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, to be another user");
        File.WriteAllText(Log, "x");
        File.SetUnixFileMode(Log, UnixFileMode.None);

        GuardedRoot.AsOther(() =>
            Assert.StartsWith("the sidecar's log cannot be read: permission denied for user", SidecarLogFiles.Read(Log).UnknownReason,
                StringComparison.Ordinal));
    }
}
