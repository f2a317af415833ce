using System.Security.Cryptography;
using System.Text;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Identity;

/// <summary>
/// Distinguishes this machine from its copies: /etc/machine-id, hashed for this agent, because the id itself must not leave the host.
/// </summary>
public static class MachineId
{
    private const int MaximumBytes = 4096;

    // Like sd_id128_get_machine_app_specific(3): HMAC-SHA256 of an id of the program, with the machine id as the key.
    private static readonly byte[] Agent = Convert.FromHexString("5f2c8e0d4b7a4f1c9d3e6a8b1c2d3e4f");

    /// <summary>The hash as 32 hexadecimal digits; null when the machine has no id, or no id yet.</summary>
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
