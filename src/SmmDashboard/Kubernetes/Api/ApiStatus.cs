using System.Text.Json;
using System.Text.Json.Serialization;

namespace SmmDashboard.Kubernetes.Api;

/// <summary>A <c>Status</c> of the API: the body of a refusal, or the object of an ERROR event of a watch.</summary>
internal sealed record ApiStatus
{
    public string? Kind { get; init; }

    public int Code { get; init; }

    public string? Reason { get; init; }

    public string? Message { get; init; }

    public ApiStatusDetails? Details { get; init; }

    /// <summary>Null when the bytes are no Status: a proxy's page, or a server that starts.</summary>
    public static ApiStatus? Read(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, ApiJson.Default.ApiStatus) is { Kind: "Status" } status ? status : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

internal sealed record ApiStatusDetails
{
    public string? Kind { get; init; }

    public int? RetryAfterSeconds { get; init; }

    public IReadOnlyList<ApiStatusCause>? Causes { get; init; }
}

internal sealed record ApiStatusCause
{
    public string? Reason { get; init; }

    public string? Message { get; init; }
}

/// <summary>The discovery answer for a group: its versions.</summary>
internal sealed record ApiGroup
{
    public IReadOnlyList<ApiGroupVersion>? Versions { get; init; }
}

internal sealed record ApiGroupVersion
{
    public string? Version { get; init; }
}

/// <summary>The discovery answer for a version of a group: its kinds.</summary>
internal sealed record ApiResourceList
{
    public IReadOnlyList<ApiResourceName>? Resources { get; init; }
}

internal sealed record ApiResourceName
{
    /// <summary>Plural; a subresource has a slash.</summary>
    public string? Name { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(ApiStatus))]
[JsonSerializable(typeof(ApiGroup))]
[JsonSerializable(typeof(ApiResourceList))]
internal sealed partial class ApiJson : JsonSerializerContext;
