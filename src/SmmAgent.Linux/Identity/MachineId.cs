using System.Security.Cryptography;
using System.Text;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Identity;

/// <summary>
/// What tells this machine from its copies: /etc/machine-id, hashed for this agent alone, since the id itself is to stay on the host.
/// </summary>
public static class MachineId
{
    private const int MaximumBytes = 4096;

    // As sd_id128_get_machine_app_specific(3): HMAC-SHA256 of an id of the program's own, keyed by the machine's.
    private static readonly byte[] Agent = Convert.FromHexString("5f2c8e0d4b7a4f1c9d3e6a8b1c2d3e4f");

    /// <summary>The hash in 32 hex digits; null where the machine has no id, or none yet.</summary>
    public static string? Read(string root)
    {
        try
        {
            var text = Encoding.ASCII.GetString(AtomicFile.ReadLimited(Path.Combine(root, "etc/machine-id"), MaximumBytes) ?? []).Trim();
            return text.Length == 32 && text.All(char.IsAsciiHexDigit) && text.Any(digit => digit != '0')
                ? Convert.ToHexStringLower(HMACSHA256.HashData(Convert.FromHexString(text), Agent)[..16])
                : null;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return null;
        }
    }
}
