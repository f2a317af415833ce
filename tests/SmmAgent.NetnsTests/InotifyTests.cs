using System.Diagnostics;
using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests;

/// <summary>The inotify instances of a user can be used up by other programs: the daemon works without them, and polls.</summary>
public sealed class InotifyTests : IDisposable
{
    private readonly string _missing = Programs.Missing() ?? "";
    private Process? _agent;

    public void Dispose()
    {
        if (_agent is { HasExited: false })
            _agent.Kill(entireProcessTree: true);
        _agent?.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task DaemonRunsWithFewInotifyInstances(int instances)
    {
        Assert.SkipWhen(_missing.Length > 0, _missing);
        // A user namespace has its own limit. The folders are this process's own.
        const string Script = """
            echo "$1" > /proc/sys/user/max_inotify_instances
            mkdir -p /etc/smm /var/lib/smm-agent /run/smm-agent
            for folder in /etc/smm /var/lib/smm-agent /run/smm-agent; do mount -t tmpfs own "$folder"; done
            ip link set lo up
            exec "$0" run
            """;
        _agent = Process.Start(new ProcessStartInfo("unshare", ["-U", "-r", "-n", "-m", "sh", "-c", Script, Programs.Agent, $"{instances}"])
        {
            RedirectStandardError = true,
        })!;

        List<string> lines = [];
        while (!lines.Exists(line => line.Contains("SidecarRunning is", StringComparison.Ordinal)))
            lines.Add(await NextAsync() ?? throw new InvalidOperationException($"no more came than:\n{string.Join('\n', lines)}"));

        Assert.Contains(lines, line => line.Contains("is ready", StringComparison.Ordinal));
        Assert.Equal(
            Math.Max(0, 4 - instances),
            lines.Count(line => line.Contains("falling back to polling: inotify: Too many open files", StringComparison.Ordinal)));
        Assert.Equal(lines.Count, lines.Distinct().Count());
    }

    // Null at the end, and when none comes.
    private async Task<string?> NextAsync()
    {
        var line = _agent!.StandardError.ReadLineAsync(TestContext.Current.CancellationToken).AsTask();
        return await Task.WhenAny(line, Task.Delay(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)) == line ? await line
            : null;
    }
}
