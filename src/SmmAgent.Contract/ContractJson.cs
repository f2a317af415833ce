using System.Text.Json.Serialization;

namespace SmmAgent.Contract;

/// <summary>Serializes the contract's messages in camelCase without reflection.</summary>
[JsonSourceGenerationOptions(
    GenerationMode = JsonSourceGenerationMode.Metadata,
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters = [typeof(NetworkJsonConverter)])]
[JsonSerializable(typeof(MeshConfig))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(TokenRequest))]
[JsonSerializable(typeof(TokenResponse))]
[JsonSerializable(typeof(SeenAddress))]
[JsonSerializable(typeof(AgentReport))]
[JsonSerializable(typeof(Registration))]
[JsonSerializable(typeof(DialBackRequest))]
[JsonSerializable(typeof(DialBackResponse))]
[JsonSerializable(typeof(DialBackIdentity))]
public sealed partial class ContractJson : JsonSerializerContext;
