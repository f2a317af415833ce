using IstioStandIn;
using SmmAgent.Testbed;

namespace SmmAgent.VmTests;

/// <summary>The stand-in's packages in two versions and both formats, for this machine's architecture.</summary>
public sealed class SidecarPackages
{
    /// <summary>The mesh's own version.</summary>
    public const string Version = "1.15.3";

    public const string NewerVersion = "1.15.4";

    private readonly string _folder;

    public SidecarPackages(string folder)
    {
        _folder = folder;
        foreach (var version in (string[])[Version, NewerVersion])
        {
            foreach (var format in (string[])["deb", "rpm"])
                IstioSidecarPackage.Build(folder, version, format, AgentPackage.Architecture.Deb);
        }
    }

    public string Deb(string version) => PathOf(version, "deb");

    public string Rpm(string version) => PathOf(version, "rpm");

    /// <summary>Copies the packages into the folder that the dashboard serves.</summary>
    public void CopyTo(string folder)
    {
        foreach (var file in Directory.EnumerateFiles(_folder))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)), overwrite: true);
    }

    /// <summary>The packages of a version, as a mesh description lists them.</summary>
    public IReadOnlyList<OfferedPackage> Offers(string version) =>
    [
        .. ((string[])["deb", "rpm"]).Select(format =>
            OfferedPackage.From(PathOf(version, format), IstioSidecarPackage.Name, version, format, AgentPackage.Architecture.Deb)),
    ];

    private string PathOf(string version, string format) =>
        Path.Combine(_folder, $"{IstioSidecarPackage.Name}_{version}_{AgentPackage.Architecture.Deb}.{format}");
}
