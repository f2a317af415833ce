using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace SmmAgent.Daemon.Report;

/// <summary>The nonces that port 16400 accepts: only those that this agent created recently.</summary>
/// <param name="fill">Fills a buffer with unpredictable random bytes.</param>
public sealed class DialBackNonces(TimeProvider time, Action<Span<byte>> fill)
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(30);

    private const int Bytes = 24;
    private readonly Lock _lock = new();
    private readonly List<(byte[] Nonce, long MadeAt)> _made = [];

    public string Make()
    {
        Span<byte> random = stackalloc byte[Bytes];
        fill(random);
        var nonce = Base64Url.EncodeToString(random);
        lock (_lock)
        {
            _made.RemoveAll(IsOver);
            _made.Add((Encoding.ASCII.GetBytes(nonce), time.GetTimestamp()));
        }

        return nonce;
    }

    /// <summary>Whether the agent created the nonce within the last 30 s. The duration does not reveal how close a guess is.</summary>
    public bool IsValid(string nonce)
    {
        var received = Encoding.UTF8.GetBytes(nonce);
        var valid = false;
        lock (_lock)
        {
            foreach (var made in _made)
                valid |= CryptographicOperations.FixedTimeEquals(made.Nonce, received) & !IsOver(made);
        }

        return valid;
    }

    private bool IsOver((byte[] Nonce, long MadeAt) made) => time.GetElapsedTime(made.MadeAt) >= Lifetime;
}
