using System.Text.Json;

namespace SmmAgent.Contract.Signing;

/// <summary>The packages that may be installed: the content of a <see cref="SignedPackageList"/>.</summary>
public sealed record PackageList
{
    /// <summary>The version of this format.</summary>
    public const int CurrentFormat = 1;

    /// <summary>The maximum number of packages of a list.</summary>
    public const int MaximumPackages = 1000;

    /// <summary>The version of the format; a reader refuses one that it does not know.</summary>
    public required int Format { get; init; }

    /// <summary>
    /// The time of signing. A host does not accept a list that is older than one that it accepted from the same key.
    /// </summary>
    public required DateTimeOffset Issued { get; init; }

    /// <summary>The time after which nothing is installed from the list.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>The oldest version that may be installed, by package name. It overrides the entries of the list.</summary>
    public IReadOnlyDictionary<string, string> MinimumVersions { get; init; } = new Dictionary<string, string>();

    /// <summary>The packages.</summary>
    public required IReadOnlyList<ListedPackage> Packages { get; init; }

    /// <summary>The bytes to be signed.</summary>
    public byte[] Write() => PackageListJson.Write(this);

    /// <summary>Reads the signed bytes.</summary>
    /// <returns>The list, or the reason why it is invalid.</returns>
    public static (PackageList? List, string? Reason) Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return PackageListJson.Read(json) switch
            {
                null => (null, "is null"),
                { Format: not CurrentFormat and var format } => (null, $"has the format {format}, but only {CurrentFormat} is supported"),
                { Packages.Count: > MaximumPackages } => (null, $"has more than {MaximumPackages} packages"),
                var list => list.Packages.All(package => package is not null)
                    && list.MinimumVersions.Values.All(version => version is not null)
                    ? (list, null)
                    : (null, "has a null in it"),
            };
        }
        catch (JsonException exception)
        {
            return (null,
                $"is not a package list: {OneLine.ReplaceUnprintable(exception.Path ?? "no JSON", '?', OneLine.MaximumCharacters)}");
        }
    }
}

/// <summary>A package that may be installed.</summary>
public sealed record ListedPackage
{
    /// <summary>The package's name, for example <c>istio-sidecar</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The package's version.</summary>
    public required string Version { get; init; }

    /// <summary><c>deb</c> or <c>rpm</c>.</summary>
    public required PackageFormat Format { get; init; }

    /// <summary><c>amd64</c> or <c>arm64</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>The size in bytes.</summary>
    public required long Size { get; init; }

    /// <summary>The SHA-256 in lower-case hexadecimal digits.</summary>
    public required string Sha256 { get; init; }
}
