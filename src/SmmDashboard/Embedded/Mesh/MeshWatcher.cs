using System.Threading.Channels;
using SmmDashboard.Hosting;

namespace SmmDashboard.Embedded.Mesh;

/// <summary>Follows the mesh description file: a good edit becomes current, a bad one is told and changes nothing.</summary>
/// <remarks>
/// It watches the folder, not the file: editors rename a new file over the old one, and a ConfigMap swaps the link <c>..data</c> beside it.
/// What inotify does not tell (a link that leads elsewhere, a network file system) the poll finds.
/// </remarks>
public sealed class MeshWatcher(MeshFile file, CurrentMeshDescription description, TimeProvider clock, ILogger<MeshWatcher> log, BackgroundFailure failure)
    : BackgroundService
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(5);

    // Two equal looks this far apart: the writer is done.
    private static readonly TimeSpan SettleTime = TimeSpan.FromMilliseconds(25);

    private string? _lastDigest;
    private string? _lastRefusal;
    private Task<bool>? _pendingChange;

    /// <summary>Looks at the file once. Whether the mesh description was replaced.</summary>
    public bool Reload()
    {
        var content = file.Load();
        if (content.Value is null)
        {
            Refuse("unreadable", content.Faults);
            return false;
        }

        var digest = MeshFile.Digest(content.Value);
        if (digest == _lastDigest)
        {
            _lastRefusal = null;
            return false;
        }

        var read = MeshFile.Read(content.Value);
        if (read.Value is null)
        {
            Refuse(digest, read.Faults);
            return false;
        }

        var isFirst = _lastDigest is null;
        (_lastDigest, _lastRefusal) = (digest, null);
        foreach (var warning in read.Value.Warnings)
            log.ReportWarning(file.Path, warning);
        description.Replace(read.Value);
        if (!isFirst)
            log.Replaced(file.Path, read.Value.Groups.Count);
        return true;
    }

    /// <remarks>The first look is over before anything else may replace the mesh description.</remarks>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        Reload();
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await WatchAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
        catch (Exception exception)
        {
            failure.Report(nameof(MeshWatcher), exception);
        }
    }

    private async Task WatchAsync(CancellationToken stoppingToken)
    {
        var wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
        using var watcher = new FileSystemWatcher(Path.GetDirectoryName(file.Path)!);
        watcher.Changed += (_, _) => wake.Writer.TryWrite(true);
        watcher.Created += (_, _) => wake.Writer.TryWrite(true);
        watcher.Renamed += (_, _) => wake.Writer.TryWrite(true);
        watcher.Deleted += (_, _) => wake.Writer.TryWrite(true);
        watcher.Error += (_, _) => wake.Writer.TryWrite(true);
        watcher.EnableRaisingEvents = true;

        while (true)
        {
            Reload();
            await WaitAsync(wake.Reader, stoppingToken);
            await SettleAsync(stoppingToken);
        }
    }

    private async Task WaitAsync(ChannelReader<bool> wake, CancellationToken stoppingToken)
    {
        try
        {
            _pendingChange ??= wake.WaitToReadAsync(stoppingToken).AsTask();
            await _pendingChange.WaitAsync(PollInterval, clock, stoppingToken);
            _pendingChange = null;
            wake.TryRead(out _);
        }
        catch (TimeoutException)
        {
            // Nothing was told; look all the same.
        }
    }

    private async Task SettleAsync(CancellationToken stoppingToken)
    {
        for (var before = ReadDigest(); ;)
        {
            if (before == _lastDigest)
                return;

            await Task.Delay(SettleTime, clock, stoppingToken);
            var after = ReadDigest();
            if (after == before)
                return;

            before = after;
        }
    }

    private string ReadDigest() => file.Load().Value is { } content ? MeshFile.Digest(content) : "unreadable";

    private void Refuse(string what, IReadOnlyList<SmmAgent.Contract.Fault> faults)
    {
        if (what == _lastRefusal)
            return;

        _lastRefusal = what;
        foreach (var one in faults)
            log.Refused(file.Path, one.ToString());
    }
}
