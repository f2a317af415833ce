using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>A distribution that VMs boot, by the name of its root file system.</summary>
public sealed record Distribution(string Name, string Root)
{
    /// <summary>The distribution of tests for which it makes no difference.</summary>
    public const string Usual = "bookworm";

    /// <summary>Debian 12 with Debian's dnf, for the rpm.</summary>
    public const string Rpm = "rpm";

    private const string OwnRoot = "SMM_VM_ROOT";

    /// <summary>Debian 12 and 11, what SMM_VM_SUITE names beside them, and a ready root in SMM_VM_ROOT.</summary>
    public static TheoryData<string> All { get; } =
    [
        .. ((string[])[Usual, "bullseye"])
        .Union(Environment.GetEnvironmentVariable("SMM_VM_SUITE")?.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? []),
        .. Environment.GetEnvironmentVariable(OwnRoot) is { Length: > 0 } ? (string[])[OwnRoot] : [],
    ];

    /// <summary>The distributions that use the deb.</summary>
    public static TheoryData<string> Debians { get; } = [
        .. All.Select(row => row.Data).Where(name => name != OwnRoot || File.Exists(Path.Combine(FromName(name).Root, "usr/bin/dpkg")))];

    public static Distribution FromName(string name) =>
        new(name, name == OwnRoot ? Environment.GetEnvironmentVariable(OwnRoot)! : Path.Combine(Programs.Artifacts, "roots", name));

    /// <summary>The reason why no VM can be booted here; null if one can.</summary>
    public string? Missing() =>
        Programs.Missing()
        ?? (!File.Exists("/usr/bin/systemd-nspawn") ? "needs systemd-nspawn (Debian: systemd-container)" : null)
        ?? (!Directory.Exists(Root) ? $"needs the root file system {Root}: ./build.sh vm-roots" : null)
        ?? (AgentPackage.Built.Missing() is { } package ? $"needs {package}: ./build.sh package" : null);
}
