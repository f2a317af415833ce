using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using SmmAgent.Contract;
using SmmDashboard.Status;

namespace SmmDashboard.DialBack;

/// <summary>Connects to one port of a VM.</summary>
public sealed class Dialler(TimeProvider clock) : IMetricSource
{
    private const string Reachable = "reachable";

    private readonly LabelledCounter _ports = new(
        "smm_dashboard_dial_back_ports_total", "Ports of VMs to which a dial-back connected, by result.", "result",
        Reachable, DialBackErrors.Refused, DialBackErrors.Timeout, DialBackErrors.Unreachable, DialBackErrors.WrongHost);

    /// <summary>The time limit for one port.</summary>
    public static readonly TimeSpan Time = TimeSpan.FromSeconds(2.5);

    public IEnumerable<Metric> Metrics => [_ports.Metric];

    /// <param name="target">The address and port.</param>
    /// <param name="identity">The question for the agent's port; null to connect only.</param>
    /// <param name="cancellationToken">Cancels the dial-back.</param>
    public async Task<DialBackResult> DialAsync(IPEndPoint target, AgentQuestion? identity, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(Time, clock, cancellationToken);
        var result = await ConnectAsync(target, identity, deadline.Token, cancellationToken);
        _ports.Add(result.Error ?? Reachable);
        return result;
    }

    private async Task<DialBackResult> ConnectAsync(
        IPEndPoint target, AgentQuestion? identity, CancellationToken deadline, CancellationToken cancellationToken)
    {
        try
        {
            // On a host without IPv6 the creation of the socket already fails.
            using var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            var started = clock.GetTimestamp();
            await socket.ConnectAsync(target, deadline);
            var latency = clock.GetElapsedTime(started);
            return identity is null || await AnswersAsync(socket, target, identity, deadline)
                ? new DialBackResult { Port = target.Port, Reachable = true, LatencyMs = (int)latency.TotalMilliseconds }
                : Failed(target, DialBackErrors.WrongHost);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return Failed(target, DialBackErrors.Timeout);
        }
        catch (SocketException exception)
        {
            return Failed(target, exception.SocketErrorCode switch
            {
                SocketError.ConnectionRefused => DialBackErrors.Refused,
                SocketError.TimedOut => DialBackErrors.Timeout,
                _ => DialBackErrors.Unreachable,
            });
        }
    }

    private static DialBackResult Failed(IPEndPoint target, string error) => new() { Port = target.Port, Reachable = false, Error = error };

    /// <summary>Whether this agent responds, and not another program or another host with the same address.</summary>
    private static async Task<bool> AnswersAsync(Socket socket, IPEndPoint target, AgentQuestion question, CancellationToken deadline)
    {
        try
        {
            using var client = OneShotClient(socket);
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{target}/dial-back/{question.Nonce}");
            request.Headers.TryAddWithoutValidation("User-Agent", "smm-dashboard");
            request.Headers.ConnectionClose = true;
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, deadline);
            if (response.StatusCode != HttpStatusCode.OK)
                return false;

            await using var stream = await response.Content.ReadAsStreamAsync(deadline);
            var body = new byte[DashboardApi.MaximumDialBackBytes + 1];
            var length = await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, deadline);
            return length <= DashboardApi.MaximumDialBackBytes
                && StrictJson.TryObject(body.AsMemory(0, length), out var identity)
                && Guid.TryParse(identity.Deserialize(ContractJson.Default.DialBackIdentity)?.Uuid, out var uuid)
                && uuid == question.Uuid;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or JsonException)
        {
            return false;
        }
    }

    /// <summary>Creates a client for exactly this connection, without proxy, redirects and cookies, with 1 KiB of headers.</summary>
    private static HttpClient OneShotClient(Socket socket)
    {
        var used = 0;
        return new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            MaxResponseHeadersLength = 1,
            MaxResponseDrainSize = 0,
            ActivityHeadersPropagator = null,
            ConnectCallback = (_, _) => Interlocked.Exchange(ref used, 1) == 0
                // The client cancels a read by disposing the stream. That ends the read only if the stream owns the socket.
                ? ValueTask.FromResult<Stream>(new NetworkStream(socket, ownsSocket: true))
                : ValueTask.FromException<Stream>(new IOException("only one connection is allowed")),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }
}

/// <summary>The question for the agent's port: the nonce to return, and the uuid of the expected agent.</summary>
public sealed record AgentQuestion(string Nonce, Guid Uuid);
