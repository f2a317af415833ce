using System.Runtime.InteropServices;
using SmmAgent.Contract;

namespace SmmAgent.Linux.Host;

/// <summary>What the dashboard is told of the machine.</summary>
public static class HostFacts
{
    public static HostReport Read(string osRelease = "/etc/os-release") => new(Environment.MachineName, OperatingSystem(osRelease), Architecture);

    /// <summary>The architecture as Debian and the contract call it.</summary>
    public static string Architecture => RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        var other => other.ToString().ToLowerInvariant(),
    };

    // os-release(5): the value may be quoted; a file that is missing is allowed.
    private static string OperatingSystem(string osRelease)
    {
        const string Key = "PRETTY_NAME=";
        try
        {
            var line = File.ReadLines(osRelease).FirstOrDefault(line => line.StartsWith(Key, StringComparison.Ordinal));
            return line?[Key.Length..].Trim('"', '\'') is { Length: > 0 } name ? name : "Linux";
        }
        catch (IOException)
        {
            return "Linux";
        }
    }
}
