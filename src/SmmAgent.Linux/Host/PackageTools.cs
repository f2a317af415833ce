using SmmAgent.Contract;
using SmmAgent.Linux.Commands;

namespace SmmAgent.Linux.Host;

/// <summary>The package tools of this system.</summary>
/// <param name="Installer"><c>apt-get</c>, <c>dnf</c>, <c>tdnf</c>, <c>yum</c> or <c>zypper</c>; null when there is none.</param>
/// <param name="Format">The package format; null when the system has neither dpkg nor rpm.</param>
public sealed record PackageTools(string? Installer, PackageFormat? Format)
{
    public static PackageTools Find() => From(
        program => ProgramSearch.Find(program, Environment.GetEnvironmentVariable("PATH")) is not null,
        hasDebs: new FileInfo("/var/lib/dpkg/status") is { Exists: true, Length: > 0 });

    /// <param name="hasDebs">Whether any deb is installed: an rpm system may have the tools of Debian, to build packages.</param>
    internal static PackageTools From(Func<string, bool> has, bool hasDebs)
    {
        var installer = ((string[])["apt-get", "dnf", "tdnf", "yum", "zypper"]).FirstOrDefault(
            name => has(name) && (hasDebs || name != "apt-get"));
        PackageFormat? format = installer switch
        {
            "apt-get" when has("dpkg") => PackageFormat.Deb,
            _ => has("rpm") ? PackageFormat.Rpm : has("dpkg") ? PackageFormat.Deb : null,
        };
        return new(installer, format);
    }

    /// <summary>The command that installs a package; an instruction in words when there is no installer.</summary>
    public string Install(string package) => Installer is null
        ? $"install the package {package}"
        : $"sudo {Installer} install -y {package}";

    /// <summary>
    /// The command that removes a package, including its configuration if the package manager supports that; an instruction in words when
    /// there is no installer.
    /// </summary>
    public string Remove(string package) => Installer switch
    {
        null => $"remove the package {package}",
        "apt-get" => $"sudo apt-get purge {package}",
        _ => $"sudo {Installer} remove {package}",
    };
}
