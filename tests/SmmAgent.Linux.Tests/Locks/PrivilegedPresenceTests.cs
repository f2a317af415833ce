using SmmAgent.Linux.Locks;

namespace SmmAgent.Linux.Tests.Locks;

public sealed class PrivilegedPresenceTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-presence-");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string AtWork => Path.Combine(_folder.FullName, "run", "at-work");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task PresenceIsShownWhileAnyProcessRuns()
    {
        Assert.False(PrivilegedPresence.IsShown(AtWork));
        using (await ShowAsync())
        {
            using (await ShowAsync())
                Assert.True(PrivilegedPresence.IsShown(AtWork));
            Assert.True(PrivilegedPresence.IsShown(AtWork));
        }

        Assert.False(PrivilegedPresence.IsShown(AtWork));
    }

    [Fact]
    public async Task UsersOutsideTheGroupOfTheDaemonCannotFakePresence()
    {
        using var presence = await ShowAsync();
        Assert.Equal(UnixFileMode.None,
            File.GetUnixFileMode(AtWork) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.GroupWrite));
    }

    [Fact]
    public async Task ConcurrentChecksDoNotPreventPresence()
    {
        (await ShowAsync()).Dispose();
        using var end = new CancellationTokenSource();
        var looking = Task.Run(
            () =>
            {
                while (!end.IsCancellationRequested)
                    PrivilegedPresence.IsShown(AtWork);
            },
            Cancel);

        for (var round = 0; round < 100; round++)
        {
            using var presence = await ShowAsync();
            Assert.True(PrivilegedPresence.IsShown(AtWork));
        }

        await end.CancelAsync();
        await looking;
    }

    [Fact]
    public async Task RootContinuesWhenPresenceCannotBeShown()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "run"), "in the way", Cancel);

        using var presence = await ShowAsync();

        Assert.False(PrivilegedPresence.IsShown(AtWork));
    }

    private Task<PrivilegedPresence> ShowAsync() => PrivilegedPresence.ShowAsync(AtWork, TimeProvider.System, Cancel);
}
