using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace MeshStandIn;

/// <summary>A name server over UDP and TCP that answers NXDOMAIN for every name.</summary>
public sealed class StandInNameServer : IAsyncDisposable
{
    private const int NameUnknown = 3;
    private const int HeaderLength = 12;

    private readonly CancellationTokenSource _end = new();
    private readonly UdpClient _udp;
    private readonly StandInListener _tcp;
    private readonly Task _answering;

    public StandInNameServer(IPEndPoint endpoint)
    {
        _tcp = new StandInListener(endpoint, ServeAsync);
        try
        {
            _udp = new UdpClient(endpoint);
        }
        catch (SocketException exception)
        {
            throw new IOException($"cannot listen on {endpoint}: {exception.Message}", exception);
        }

        _answering = AnswerAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _answering;
        _udp.Dispose();
        await _tcp.DisposeAsync();
        _end.Dispose();
    }

    private async Task AnswerAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                var question = await _udp.ReceiveAsync(_end.Token);
                if (question.Buffer.Length >= HeaderLength)
                    await _udp.SendAsync(Answer(question.Buffer), question.RemoteEndPoint, _end.Token);
            }
            catch (Exception exception) when (exception is OperationCanceledException or SocketException)
            {
                // Stopping, or the peer has disconnected.
            }
        }
    }

    private static async Task ServeAsync(Socket connection, CancellationToken cancel)
    {
        await using var stream = new NetworkStream(connection);
        var prefix = new byte[2];
        while (await stream.ReadAtLeastAsync(prefix, 2, throwOnEndOfStream: false, cancel) == 2)
        {
            var question = new byte[BinaryPrimitives.ReadUInt16BigEndian(prefix)];
            await stream.ReadExactlyAsync(question, cancel);
            if (question.Length < HeaderLength)
                return;
            var answer = Answer(question);
            BinaryPrimitives.WriteUInt16BigEndian(prefix, (ushort)answer.Length);
            await stream.WriteAsync((byte[])[.. prefix, .. answer], cancel);
        }
    }

    // The header and the question, RFC 1035; additional records (EDNS) are omitted.
    private static byte[] Answer(byte[] question)
    {
        var end = HeaderLength;
        while (end < question.Length && question[end] != 0)
            end += question[end] + 1;
        var answer = question[..Math.Min(question.Length, end + 5)];
        answer[2] |= 0x80;
        answer[3] = 0x80 | NameUnknown;
        (answer[10], answer[11]) = (0, 0);
        return answer;
    }
}
