using System.Net;
using System.Net.Sockets;
using SmmAgent.Contract;
using SmmAgent.Core.Reachability;
using SmmAgent.Linux.Network.Connections;
using SmmAgent.Linux.Network.Names;

namespace SmmAgent.Linux.Network.Probes;

/// <summary>One probe: a port at one address, and the probe of its connection.</summary>
public sealed record Probe(ProbeTarget Target, IPAddress Address, PortProbe Check);

/// <summary>Probes many ports at the same time, up to a limit, each with its own timeout.</summary>
public sealed class Prober(TimeProvider time, NameLookup names, TimeSpan? timeout = null)
{
    /// <summary>The maximum number of probes or name lookups at the same time.</summary>
    public const int MaximumAtOnce = 16;

    private readonly TimeSpan _timeout = timeout ?? Connector.DefaultTimeout;

    /// <summary>Resolves every name once.</summary>
    public Task<IReadOnlyList<Resolution>> ResolveAsync(IEnumerable<string> hosts, CancellationToken cancel) =>
        AllAsync(hosts.Distinct().ToArray(), names.LookUpAsync, cancel);

    /// <summary>Runs the probes.</summary>
    /// <returns>One result per probe, in the same order.</returns>
    public Task<IReadOnlyList<ProbeResult>> RunAsync(IReadOnlyList<Probe> probes, CancellationToken cancel) =>
        AllAsync(probes, RunAsync, cancel);

    private async Task<ProbeResult> RunAsync(Probe probe, CancellationToken cancel)
    {
        var address = probe.Address.ToString();
        TimeSpan? latency = null;
        using var deadline = new Deadline(_timeout, time, cancel);
        try
        {
            var start = time.GetTimestamp();
            using var socket = await Connector.ConnectAsync(new IPEndPoint(probe.Address, probe.Target.Port), deadline.Token);
            latency = time.GetElapsedTime(start);
            await using var stream = new NetworkStream(socket);
            var seen = await probe.Check.RunAsync(stream, deadline.Token);
            return new(probe.Target, address, seen.Outcome, seen.Detail)
            {
                Latency = latency,
                Certificate = seen.Certificate,
                ClockAhead = seen.Date - time.GetUtcNow(),
            };
        }
        catch (OperationCanceledException) when (deadline.IsOver)
        {
            var awaited = latency is null ? "did not answer" : $"accepted the connection but {probe.Check.Awaited}";
            return new(probe.Target, address, Outcome.Timeout,
                $"{awaited} within {_timeout.TotalSeconds:0.#} s{(latency is null ? "" : probe.Check.Hint)}")
            { Latency = latency };
        }
        catch (SocketException exception)
        {
            var fault = Connector.FailureFrom(exception.SocketErrorCode);
            return new(probe.Target, address, fault.Outcome, fault.Detail) { NoRoute = fault.NoRoute };
        }
        catch (IOException)
        {
            return new(probe.Target, address, Outcome.NotReady, "hung up") { Latency = latency };
        }
    }

    private static async Task<IReadOnlyList<TResult>> AllAsync<T, TResult>(
        IReadOnlyList<T> items, Func<T, CancellationToken, Task<TResult>> work, CancellationToken cancel)
    {
        using var slots = new SemaphoreSlim(MaximumAtOnce);
        return await Task.WhenAll(items.Select(async item =>
        {
            await slots.WaitAsync(cancel);
            try
            {
                return await work(item, cancel);
            }
            finally
            {
                slots.Release();
            }
        }));
    }
}
