using SmmAgent.Contract;

namespace SmmAgent.Core.Packages;

/// <summary>How messages name a package.</summary>
public static class PackageNames
{
    /// <summary>For example <c>istio-sidecar 1.24.0</c>.</summary>
    public static string NameAndVersion(this Package package) => NameAndVersion(package.Name, package.Version);

    public static string NameAndVersion(string name, string version) => $"{name} {version}";
}
