using System.Net;
using System.Text;
using SmmAgent.Contract;
using SmmAgent.Core.Network;

namespace SmmAgent.Core.Address;

/// <summary>Reads the body of an address provider's answer: one line, one address, nothing else.</summary>
public static class ProviderAnswer
{
    /// <summary>A longer response is not an address and is not read.</summary>
    public const int MaximumBytes = 256;

    /// <param name="body">What was read of the body, at most <see cref="MaximumBytes"/>.</param>
    /// <param name="isCut">Whether there was more.</param>
    public static ProviderResult Read(string provider, ReadOnlySpan<byte> body, bool isCut)
    {
        var text = Encoding.UTF8.GetString(body).Trim('\uFEFF').Trim();
        if (text.StartsWith('<'))
            return ProviderResult.Refused(provider, "answered with an HTML page instead of an address");
        if (isCut)
            return ProviderResult.Refused(provider, $"answered with more than {MaximumBytes} bytes instead of an address");
        if (text.Length == 0)
            return ProviderResult.Refused(provider, "answered with nothing");
        if (text.AsSpan().ContainsAny('\n', '\r'))
            return ProviderResult.Refused(provider, $"answered with several lines instead of one address: '{NameRules.Shown(text)}'");
        if (!NameRules.IsIPAddress(text))
            return ProviderResult.Refused(provider, $"answered '{NameRules.Shown(text)}', which is not an IP address");

        var address = AddressRules.Normalize(IPAddress.Parse(text));
        return AddressRules.ValidateExternal(address) is { } reason
            ? ProviderResult.Refused(provider, $"{reason}, at which a cluster cannot reach this VM")
            : ProviderResult.Answered(provider, address);
    }
}
