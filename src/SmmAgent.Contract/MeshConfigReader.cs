using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace SmmAgent.Contract;

/// <summary>Reads a mesh configuration and validates it against all rules of the contract.</summary>
public static class MeshConfigReader
{
    private const string NoText = "has a string that is not Unicode text";

    private const int MaximumDepth = 64;

    /// <summary>Reads the body of a response of at most <see cref="MeshConfig.MaximumBytes"/>.</summary>
    public static ReadResult<MeshConfig> Read(ReadOnlyMemory<byte> utf8)
    {
        if (utf8.Length > MeshConfig.MaximumBytes)
            return Refused($"is larger than {MeshConfig.MaximumBytes} bytes");

        using var document = StrictJson.Parse(utf8, out var fault, MaximumDepth);
        return document is null ? Refused(fault!) : Read(document.RootElement.Clone());
    }

    /// <summary>Reads a document that was already parsed; the element must outlive the configuration.</summary>
    public static ReadResult<MeshConfig> Read(JsonElement document)
    {
        if (document.ValueKind != JsonValueKind.Object)
            return Refused("is not a JSON object");
        if (!UnicodeText.IsAllOf(document))
            return Refused(NoText);
        if (PlainText.FindErrors(document).ToList() is { Count: > 0 } unprintable)
            return ReadResult<MeshConfig>.Refused(unprintable);

        var faults = new List<InputError>();
        var root = new ObjectReader(document, "", faults);
        var apiVersion = root.String("apiVersion");
        if (apiVersion.Length > 0 && !IsVersion1(apiVersion))
        {
            // The rules below are those of version 1. Their errors for another version would mislead.
            return ReadResult<MeshConfig>.Refused(
                [new InputError(
                    "apiVersion", $"'{NameRules.Shown(apiVersion)}' is not understood, only {MeshConfig.CurrentApiVersion} is")]);
        }

        var config = new MeshConfig
        {
            ApiVersion = apiVersion,
            Mesh = ReadMesh(root.Object("mesh")),
            WorkloadGroup = ReadWorkloadGroup(root.Object("workloadGroup")),
            MeshExpansionGateways = root.List("meshExpansionGateways", ReadGateway, required: true),
            DirectEndpoints = root.List("directEndpoints", ReadDirectEndpoint),
            // An invalid one is already among the errors, so it does not get lost here.
            ClusterSources = root.Strings("clusterSources", NameRules.Cidr).Select(Cidr.ParseStrict).OfType<IPNetwork>().ToArray(),
            Packages = root.List("packages", ReadPackage),
            Problems = ReadProblems(root),
        };
        faults.AddRange(MeshConfigSize.FindErrors(config));
        return faults.Count == 0 ? ReadResult<MeshConfig>.Good(config) : ReadResult<MeshConfig>.Refused(faults);
    }

    private static IReadOnlyList<string>? ReadProblems(ObjectReader root)
    {
        if (root.Find("problems", required: false) is null)
            return null;

        var problems = root.Strings("problems", Problem);
        if (problems.Count > MeshConfig.MaximumProblems)
            root.Refuse("problems", $"has {problems.Count} entries, at most {MeshConfig.MaximumProblems} are accepted");
        return problems.Count == 0 ? null : problems;
    }

    private static string? Problem(string text) =>
        text.Length > MeshConfig.MaximumProblemLength ? $"is longer than {MeshConfig.MaximumProblemLength} characters"
        : null;

    private static Mesh ReadMesh(ObjectReader mesh) => new()
    {
        MeshId = mesh.String("meshId", mayBeEmpty: true),
        TrustDomain = mesh.String("trustDomain", NameRules.Address, mayBeEmpty: true),
        ClusterId = mesh.String("clusterId"),
        Network = mesh.String("network", mayBeEmpty: true),
        Networks = mesh.Strings("networks"),
        Status = mesh.OptionalString("status", mayBeEmpty: true),
        IstioVersion = mesh.String("istioVersion"),
        IstioRevision = mesh.String("istioRevision", NameRules.Label, mayBeEmpty: true),
        IstioRevisionLabel = mesh.OptionalString("istioRevisionLabel", NameRules.LabelValue, mayBeEmpty: true),
        IstioNamespace = mesh.String("istioNamespace", NameRules.Label),
        RootCertificate = mesh.String("rootCertificate", RootCertificate),
        DefaultConfig = ReadDefaultConfig(mesh.Object("defaultConfig", required: false)),
    };

    private static JsonElement ReadDefaultConfig(ObjectReader defaultConfig)
    {
        defaultConfig.OptionalString("discoveryAddress", NameRules.HostAndPort);
        foreach (var (name, value) in defaultConfig.Map("proxyMetadata", EnvironmentNames.Rule))
        {
            if (CaptureVariables.Rule(name, value) is { } reason)
                defaultConfig.Refuse($"proxyMetadata.{name}", reason);
        }

        return defaultConfig.Element;
    }

    private static WorkloadGroup ReadWorkloadGroup(ObjectReader group) => new()
    {
        Namespace = group.String("namespace", NameRules.Label),
        Name = group.String("name", NameRules.Subdomain),
        Annotations = group.Map("annotations"),
        MetadataLabels = group.Map("metadataLabels"),
        TemplateLabels = group.Map("templateLabels"),
        MetadataAnnotations = group.Map("metadataAnnotations"),
        ServiceAccount = group.String("serviceAccount", NameRules.Subdomain),
        Network = group.String("network", mayBeEmpty: true),
        Ports = group.Ports("ports"),
        Probe = group.Object("probe", required: false).Element is { } probe && probe.EnumerateObject().Any() ? probe : null,
    };

    private static MeshExpansionGateway ReadGateway(ObjectReader gateway) => new()
    {
        Name = gateway.String("name", NameRules.Subdomain),
        Addresses = gateway.Strings("addresses", NameRules.ServerAddress, required: true).Select(NameRules.WithoutRootDot).ToArray(),
        Ports = gateway.List("ports", port => new GatewayPort(port.String("name", NameRules.Label), port.Port("port")), required: true),
    };

    private static DirectEndpoint ReadDirectEndpoint(ObjectReader endpoint) =>
        new(endpoint.String("name", NameRules.Subdomain), NameRules.WithoutRootDot(endpoint.String("address", NameRules.ServerAddress)),
            endpoint.Port("port"));

    private static Package ReadPackage(ObjectReader package) => new()
    {
        Name = package.String("name", NameRules.Subdomain),
        Version = package.String("version", PackageVersion),
        Format = PackageFormats.Parse(package.String("format", NameRules.Label)),
        Architecture = package.String("architecture", PackageVersion),
        Path = package.String("path", NameRules.PackagePath),
        Sha256 = package.OptionalString("sha256", Sha256, mayBeEmpty: true) is { Length: > 0 } digest ? digest : null,
        Size = package.OptionalSize("size"),
    };

    private static string? PackageVersion(string value) =>
        char.IsAsciiLetterOrDigit(value[0]) && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '+' or '-' or '~' or ':' or '_')
            ? null
            : $"'{NameRules.Shown(value)}' has characters that are not allowed in a package version";

    private static string? Sha256(string value) =>
        value.Length == 64 && value.All(char.IsAsciiHexDigit) ? null : $"'{NameRules.Shown(value)}' is not a SHA-256 in hex (64 digits)";

    private static string? RootCertificate(string pem)
    {
        try
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPem(pem);
            foreach (var certificate in certificates)
                certificate.Dispose();
            return certificates.Count > 0 ? null : "has no certificate in PEM (-----BEGIN CERTIFICATE-----)";
        }
        catch (CryptographicException)
        {
            return "has a certificate that cannot be decoded";
        }
    }

    private static bool IsVersion1(string apiVersion) =>
        apiVersion == MeshConfig.CurrentApiVersion || apiVersion.StartsWith(MeshConfig.CurrentApiVersion + ".", StringComparison.Ordinal);

    private static ReadResult<MeshConfig> Refused(string reason) =>
        ReadResult<MeshConfig>.Refused([new InputError("", $"the mesh configuration {reason}")]);
}
