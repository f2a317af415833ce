using System.Net;
using System.Net.Sockets;

namespace SmmAgent.Linux.Network.Connections;

/// <summary>Connection attempts to several addresses of one server. The first one that succeeds is used.</summary>
internal sealed class ConnectionRace(int port)
{
    /// <summary>The maximum number of attempts, even for a name with more addresses.</summary>
    private const int MaximumAttempts = 16;

    /// <summary>The most useful failure of the attempts.</summary>
    public SocketException Fault { get; private set; } = new((int)SocketError.HostNotFound);

    /// <summary>Whether the time limit of the last run ended before every attempt had failed.</summary>
    public bool IsSilent { get; private set; }

    /// <param name="patience">The time limit of all attempts; null for the limit of the caller.</param>
    /// <returns>Null when no attempt succeeded.</returns>
    public async Task<Socket?> RunAsync(IReadOnlyList<IPAddress> addresses, CancellationToken cancel, TimeSpan? patience = null)
    {
        IsSilent = false;
        using var others = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var running = new List<Task<Socket>>();
        var deadline = patience is { } time ? Task.Delay(time, TimeProvider.System, others.Token) : null;
        try
        {
            for (var next = 0; ;)
            {
                if (next < Math.Min(addresses.Count, MaximumAttempts))
                    running.Add(Connector.ConnectAsync(new IPEndPoint(addresses[next++], port), others.Token));
                if (running.Count == 0)
                    return null;

                var isLast = next >= Math.Min(addresses.Count, MaximumAttempts);
                while (await FirstAsync(
                    running, isLast ? null : Task.Delay(Connector.AttemptDelay, TimeProvider.System, others.Token), deadline) is { } ended)
                {
                    running.Remove(ended);
                    if (ended.IsCompletedSuccessfully)
                        return await ended;

                    Note(ended, cancel);
                    // Try the next address immediately; after the last one, wait for the remaining attempts.
                    if (!isLast || running.Count == 0)
                        break;
                }

                if (deadline?.IsCompleted == true)
                {
                    IsSilent = running.Count > 0;
                    return null;
                }
            }
        }
        finally
        {
            await others.CancelAsync();
            foreach (var loser in running)
                _ = DisposeAsync(loser);
        }
    }

    /// <returns>The attempt that ended; null when the next attempt is due, or the time limit is over.</returns>
    private static async Task<Task<Socket>?> FirstAsync(List<Task<Socket>> running, Task? delay, Task? deadline)
    {
        Task[] all = [.. running, .. new[] { delay, deadline }.OfType<Task>()];
        return await Task.WhenAny(all) as Task<Socket>;
    }

    private void Note(Task<Socket> failed, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (failed.Exception?.InnerException is not SocketException exception)
            throw failed.Exception?.InnerException ?? new OperationCanceledException(cancel);

        var isFirst = Fault.SocketErrorCode == SocketError.HostNotFound;
        if (isFirst || Connector.FailureFrom(Fault.SocketErrorCode).NoRoute)
            Fault = exception;
    }

    private static async Task DisposeAsync(Task<Socket> attempt)
    {
        try
        {
            (await attempt).Dispose();
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            // Another attempt succeeded.
        }
    }
}
