using System.Text.Json;
using System.Text.Json.Serialization;

namespace SmmAgent.Contract.Signing;

/// <summary>Which packages may be installed: what a <see cref="SignedPackageList"/> signs.</summary>
public sealed record PackageList
{
    /// <summary>The version of this format.</summary>
    public const int CurrentFormat = 1;

    /// <summary>The most packages of a list.</summary>
    public const int MaximumPackages = 1000;

    /// <summary>The version of the format; a reader refuses one that it does not know.</summary>
    public required int Format { get; init; }

    /// <summary>
    /// When it was signed. A host does not accept a list that was signed before one that it has accepted of the same key.
    /// </summary>
    public required DateTimeOffset Issued { get; init; }

    /// <summary>From when on nothing is installed by it any more.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>By a package's name: the oldest version that may be installed, whatever else the list names.</summary>
    public IReadOnlyDictionary<string, string> MinimumVersions { get; init; } = new Dictionary<string, string>();

    /// <summary>The packages.</summary>
    public required IReadOnlyList<ListedPackage> Packages { get; init; }

    /// <summary>The bytes to be signed.</summary>
    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, PackageListJson.Default.PackageList);

    /// <summary>Reads what was signed.</summary>
    /// <returns>The list; or why it is none.</returns>
    public static (PackageList? List, string? Why) Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, PackageListJson.Default.PackageList) switch
            {
                null => (null, "is null"),
                { Format: not CurrentFormat and var format } => (null, $"has the format {format}, and only {CurrentFormat} is known here"),
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

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    MaxDepth = 8,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(PackageList))]
[JsonSerializable(typeof(SignedPackageList))]
internal sealed partial class PackageListJson : JsonSerializerContext;
