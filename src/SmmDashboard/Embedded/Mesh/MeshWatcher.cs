using System.Threading.Channels;
using SmmAgent.Contract;
using SmmDashboard.Hosting;

namespace SmmDashboard.Embedded.Mesh;

/// <summary>Watches the mesh description file. A valid edit becomes current; an invalid edit is reported and ignored.</summary>
/// <remarks>
/// The watcher observes the folder instead of the file, because editors rename a new file over the old one, and a ConfigMap swaps the link
/// <c>..data</c> beside it. Polling finds changes that inotify does not report (a link to another folder, a network file system).
/// </remarks>
public sealed class MeshWatcher(
    MeshFile file, CurrentMeshDescription description, TimeProvider clock, ILogger<MeshWatcher> log, BackgroundFailure failure)
    : BackgroundService
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(5);

    // The writer is done when two reads with this delay are equal.
    private static readonly TimeSpan SettleTime = TimeSpan.FromMilliseconds(25);

    private string? _lastDigest;
    private string? _lastRefusal;
    private Task<bool>? _pendingChange;
    private volatile IReadOnlyList<InputError> _faults = [];

    /// <summary>The faults of the file as it is now; empty when it is in effect.</summary>
    public IReadOnlyList<InputError> Faults => _faults;

    /// <summary>Reads the file once.</summary>
    /// <returns>Whether the mesh description was replaced.</returns>
    public bool Reload()
    {
        var content = file.Load();
        if (content.Value is null)
        {
            Refuse("unreadable", content.Errors);
            return false;
        }

        var digest = MeshFile.Digest(content.Value);
        if (digest == _lastDigest)
        {
            (_lastRefusal, _faults) = (null, []);
            return false;
        }

        var read = MeshFile.Read(content.Value, description.Mesh);
        if (read.Value is null)
        {
            Refuse(digest, read.Errors);
            return false;
        }

        var isFirst = _lastDigest is null;
        (_lastDigest, _lastRefusal, _faults) = (digest, null, []);
        foreach (var warning in read.Value.Warnings)
            log.ReportWarning(file.Path, warning);
        description.Replace(read.Value);
        if (!isFirst)
            log.Replaced(file.Path, read.Value.Groups.Count);
        return true;
    }

    /// <remarks>The first read completes before anything else may replace the mesh description.</remarks>
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
            // No event was received; read the file anyway.
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

    private void Refuse(string what, IReadOnlyList<InputError> faults)
    {
        if (what == _lastRefusal)
            return;

        (_lastRefusal, _faults) = (what, faults);
        foreach (var one in faults)
            log.Refused(file.Path, one.ToString());
    }
}
