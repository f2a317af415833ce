using System.Text.Json;
using SmmAgent.Contract;

namespace SmmDashboard.Kubernetes.Composition;

/// <summary>The agent's rules for the annotation proxy.istio.io/config, so that no VM gets one that its agent refuses.</summary>
internal static class ProxyConfigRules
{
    // The limit of the agent's own reader.
    private const int MaximumDepth = 8;
    private const int MaximumLength = 256 * 1024;

    /// <summary>The reason why the annotation's text is refused; null when it is valid.</summary>
    public static string? Fault(string text)
    {
        if (text.Length > MaximumLength)
            return $"is longer than {MaximumLength} characters";

        var (config, fault) = ConfigYaml.Object(text, MaximumDepth);
        if (config is not { } proxy)
            return fault;
        if (proxy.Member("discoveryAddress") is { } address && AddressFault(address) is { } reason)
            return $"discoveryAddress {reason}";
        if (proxy.Member("proxyMetadata") is not { } metadata)
            return null;
        if (metadata.ValueKind != JsonValueKind.Object)
            return "proxyMetadata is not an object of names and strings";

        return metadata.EnumerateObject()
            .Select(pair => EnvironmentNames.Rule(pair.Name) is { } rule ? $"proxyMetadata {rule}"
                : pair.Value.ValueKind != JsonValueKind.String ? $"proxyMetadata.{pair.Name} is not a string: put the value in quotes"
                : CaptureVariables.Rule(pair.Name, pair.Value.GetString()!) is { } value ? $"proxyMetadata.{pair.Name} {value}"
                : null)
            .FirstOrDefault(reason => reason is not null);
    }

    private static string? AddressFault(JsonElement address) =>
        address.ValueKind == JsonValueKind.String ? NameRules.HostAndPort(address.GetString()!) : "is not a string of the form HOST:PORT";
}
