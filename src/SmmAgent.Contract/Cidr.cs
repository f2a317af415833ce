using System.Net;

namespace SmmAgent.Contract;

/// <summary>The only parser of networks. It is used for the mesh configuration, iptables and nftables rules, and firewalld.</summary>
public static class Cidr
{
    /// <summary>Parses an address or a CIDR block. Bits after the prefix are cleared, as iptables does.</summary>
    /// <returns>Null when the text is neither.</returns>
    public static IPNetwork? Parse(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (!IPAddress.TryParse(slash < 0 ? text : text.AsSpan(0, slash), out var address))
            return null;

        var bytes = address.GetAddressBytes();
        var length = bytes.Length * 8;
        if (slash >= 0)
        {
            if (PrefixLength(text[(slash + 1)..], bytes.Length) is not { } prefix || prefix > length)
                return null;
            length = prefix;
        }

        for (var bit = length; bit < bytes.Length * 8; bit++)
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        return new(new IPAddress(bytes), length);
    }

    /// <summary>Parses a CIDR block of a configuration, which must have a prefix length and no bits set after the prefix.</summary>
    /// <returns>Null when the text is not such a block.</returns>
    public static IPNetwork? ParseStrict(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        // With more digits the prefix would be read as an address, and so as a netmask.
        return slash > 0 && text[(slash + 1)..] is { Length: <= 3 } prefix && prefix.All(char.IsAsciiDigit) && Parse(text) is { } network
            && IPAddress.Parse(text[..slash]).Equals(network.BaseAddress) ? network : null;
    }

    // Old versions of iptables print a netmask instead of a prefix length.
    private static int? PrefixLength(string text, int addressBytes)
    {
        if (int.TryParse(text, out var length))
            return length >= 0 ? length : null;
        if (!IPAddress.TryParse(text, out var mask) || mask.GetAddressBytes() is not { } bytes || bytes.Length != addressBytes)
            return null;

        return bytes.Sum(part => int.PopCount(part));
    }
}
