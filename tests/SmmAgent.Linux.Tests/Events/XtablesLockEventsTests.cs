using SmmAgent.Linux.Events;

namespace SmmAgent.Linux.Tests.Events;

public sealed class XtablesLockEventsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Lock => _folder.Path("run/xtables.lock");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task EveryCallOfIptablesLegacyIsReportedAlsoTheFirstThatMakesTheLock()
    {
        using var inside = new ThreadNamespace();
        Directory.CreateDirectory(_folder.Path("run"));
        using var listener = new Listener(null, new XtablesLockEvents(Lock));

        await LegacyAsync(inside, "-A INPUT -p tcp --dport 16400 -j ACCEPT");
        Assert.Equal(HostChange.Firewall, listener.Next());
        Assert.True(File.Exists(Lock));
        // The first call may be reported twice: the lock was made, and released.
        while (listener.Untaken > 0)
            listener.Next();

        await LegacyAsync(inside, "-F INPUT");
        listener.Until(HostChange.Firewall);
    }

    [Fact]
    public void ACallIsReportedOnceWhenItReleasesTheLock()
    {
        Directory.CreateDirectory(_folder.Path("run"));
        File.WriteAllText(Lock, "");
        using var source = new XtablesLockEvents(Lock);
        source.Open();

        using (File.OpenHandle(Lock))
            Assert.Equal(HostChange.None, source.Drain());

        Assert.Equal(HostChange.Firewall, source.Drain());
        Assert.Equal(HostChange.None, source.Drain());
    }

    private Task<string> LegacyAsync(ThreadNamespace inside, string arguments) =>
        inside.RunAsync($"iptables-legacy -w 5 {arguments}", environment: new Dictionary<string, string> { ["XTABLES_LOCKFILE"] = Lock });
}
