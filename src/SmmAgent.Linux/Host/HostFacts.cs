using System.Runtime.InteropServices;
using System.Text;
using SmmAgent.Contract;
using SmmAgent.Core.Host;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Host;

/// <summary>The name, the operating system and the architecture of this machine.</summary>
public static class HostFacts
{
    private const int MaximumBytes = 64 * 1024;

    /// <summary>The facts that the agent reports to the dashboard.</summary>
    public static HostReport Read(string osRelease = "/etc/os-release") =>
        new(Environment.MachineName, (ReadFile(osRelease) ?? OsRelease.Unknown).PrettyName, Architecture);

    /// <summary>The operating system below a root, from the first of the two locations of os-release that exists.</summary>
    public static OsRelease Release(string root) =>
        ReadFile(Path.Combine(root, "etc/os-release")) ?? ReadFile(Path.Combine(root, "usr/lib/os-release")) ?? OsRelease.Unknown;

    /// <summary>The architecture as Debian and the contract call it.</summary>
    public static string Architecture => RuntimeInformation.OSArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => "amd64",
        System.Runtime.InteropServices.Architecture.Arm64 => "arm64",
        var other => other.ToString().ToLowerInvariant(),
    };

    // A missing file is allowed.
    private static OsRelease? ReadFile(string path)
    {
        try
        {
            return AtomicFile.ReadLimited(path, MaximumBytes) is { } bytes ? OsRelease.Parse(Encoding.UTF8.GetString(bytes).Split('\n'))
                : null;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return null;
        }
    }
}
