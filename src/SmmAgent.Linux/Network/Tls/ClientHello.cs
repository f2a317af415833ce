using System.Net;
using System.Security.Cryptography;
using System.Text;

namespace SmmAgent.Linux.Network.Tls;

/// <summary>The first message of a TLS 1.2 client, RFC 5246 7.4.1.2, as one record: enough to see whether the peer speaks TLS.</summary>
internal static class ClientHello
{
    private const int RandomLength = 32;

    // ECDHE with AES-GCM or ChaCha20, and plain RSA with AES-GCM for old servers.
    private static readonly ushort[] CipherSuites = [0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0x009c, 0x009d];

    // x25519, secp256r1, secp384r1.
    private static readonly ushort[] Groups = [0x001d, 0x0017, 0x0018];

    // ECDSA and RSA-PSS and RSA-PKCS1, with SHA-256 and SHA-384.
    private static readonly ushort[] Signatures = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501];

    /// <param name="serverName">Sent as SNI, unless it is an IP address, which SNI does not support.</param>
    public static byte[] For(string serverName)
    {
        var hello = new Writer();
        hello.Number8(22).Number16(0x0301).Sized16(record => record // a handshake; the oldest version, as every client's first record says
            .Number8(1).Sized24(message => message // client_hello
                .Number16(0x0303)
                .Bytes(RandomNumberGenerator.GetBytes(RandomLength))
                .Number8(0) // no session to resume
                .Sized16(suites => suites.Numbers16(CipherSuites))
                .Number8(1).Number8(0) // no compression
                .Sized16(extensions => Extensions(extensions, serverName))));
        return hello.ToArray();
    }

    private static void Extensions(Writer writer, string serverName)
    {
        if (!IPAddress.TryParse(serverName, out _))
            writer.Number16(0).Sized16(
                name => name.Sized16(list => list.Number8(0).Sized16(host => host.Bytes(Encoding.ASCII.GetBytes(serverName)))));
        writer.Number16(10).Sized16(groups => groups.Sized16(list => list.Numbers16(Groups)));
        writer.Number16(11).Sized16(formats => formats.Number8(1).Number8(0)); // uncompressed points
        writer.Number16(13).Sized16(signatures => signatures.Sized16(list => list.Numbers16(Signatures)));
    }

    /// <summary>Writes numbers in network byte order, and blocks that begin with their length.</summary>
    private sealed class Writer
    {
        private readonly List<byte> _bytes = new(256);

        public byte[] ToArray() => _bytes.ToArray();

        public Writer Bytes(byte[] bytes)
        {
            _bytes.AddRange(bytes);
            return this;
        }

        public Writer Number8(byte number)
        {
            _bytes.Add(number);
            return this;
        }

        public Writer Number16(int number) => Number8((byte)(number >> 8)).Number8((byte)number);

        public Writer Numbers16(ushort[] numbers)
        {
            foreach (var number in numbers)
                Number16(number);
            return this;
        }

        public Writer Sized16(Action<Writer> content) => Sized(2, content);

        public Writer Sized24(Action<Writer> content) => Sized(3, content);

        private Writer Sized(int lengthBytes, Action<Writer> content)
        {
            var start = _bytes.Count;
            _bytes.AddRange(new byte[lengthBytes]);
            content(this);
            var length = _bytes.Count - start - lengthBytes;
            for (var i = lengthBytes - 1; i >= 0; i--, length >>= 8)
                _bytes[start + i] = (byte)length;
            return this;
        }
    }
}
