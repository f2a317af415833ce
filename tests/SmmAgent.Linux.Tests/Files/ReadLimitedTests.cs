using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Tests.Files;

/// <summary>Root reads files that others may replace or lock: none of that makes it wait, fail, or read what they may not.</summary>
public sealed class ReadLimitedTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("smm-read-").FullName;

    private string File => Path.Combine(_folder, "file");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void FileIsReadUpToTheLimitAndAMissingFileIsNull()
    {
        System.IO.File.WriteAllText(File, "four");

        Assert.Equal("four"u8, AtomicFile.ReadLimited(File, 4)!);
        Assert.Throws<InvalidDataException>(() => AtomicFile.ReadLimited(File, 3));
        Assert.Null(AtomicFile.ReadLimited(File + "s", 4));
        Assert.Null(AtomicFile.ReadLimited(File + "/below", 4));
        Assert.Throws<IOException>(() => AtomicFile.ReadLimited(_folder, 4));
        Assert.Throws<InvalidDataException>(() => AtomicFile.ReadLimited("/dev/zero", 4));
    }

    [Fact]
    public void FileOfTheAgentIsNotReadThroughALink()
    {
        System.IO.File.WriteAllText(File, "root's");
        var link = Path.Combine(_folder, "status.json");
        System.IO.File.CreateSymbolicLink(link, File);

        Assert.Equal("root's"u8, AtomicFile.ReadLimited(link, 16)!);
        var refusal = Assert.Throws<InvalidDataException>(() => AtomicFile.ReadLimited(link, 16, isAgents: true));
        Assert.Equal($"{link} is a link, which smm-agent never creates", refusal.Message);
    }

    [Fact]
    public async Task FifoIsRefusedWithoutWaiting()
    {
        Assert.True((await new CommandRunner().RunAsync(["mkfifo", File], TestContext.Current.CancellationToken)).Succeeded);

        var reading = Task.Run(() => AtomicFile.ReadLimited(File, 4));

        await Assert.ThrowsAsync<InvalidDataException>(
            () => reading.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
    }

    [Fact]
    public void LockOfAnotherUserDoesNotPreventReading()
    {
        System.IO.File.WriteAllText(File, "four");
        using var held = new FileStream(File, FileMode.Open, FileAccess.Read, FileShare.None); // flock, as flock(1) does

        Assert.Equal("four"u8, AtomicFile.ReadLimited(File, 4)!);
    }
}
