using System.Text.Json;
using SmmDashboard.Embedded.Mesh;

namespace SmmDashboard.Tests.OpenApi;

/// <summary>The parts of docs/openapi.yaml that the tests read.</summary>
public sealed class OpenApiDocument
{
    private static readonly string[] Methods = ["get", "put", "post", "delete", "patch", "head", "options"];

    private readonly JsonElement _root;

    private OpenApiDocument(JsonElement root) => _root = root;

    public static OpenApiDocument Load(string file = "openapi.yaml")
    {
        var (json, fault) = MeshDescriptionYaml.ToJson(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, file)));
        Assert.Empty(fault);
        return new OpenApiDocument(JsonDocument.Parse(json!).RootElement);
    }

    public string Version => _root.GetProperty("openapi").GetString()!;

    /// <summary>Every operation as "GET /path".</summary>
    public IEnumerable<(string Method, string Path, JsonElement Operation)> Operations() =>
        from path in _root.GetProperty("paths").EnumerateObject()
        from member in path.Value.EnumerateObject()
        where Methods.Contains(member.Name)
        select (member.Name.ToUpperInvariant(), path.Name, member.Value);

    public IEnumerable<(string OperationId, int Status)> Responses() =>
        from operation in Operations()
        from response in operation.Operation.GetProperty("responses").EnumerateObject()
        select (operation.Operation.GetProperty("operationId").GetString()!,
            int.Parse(response.Name, System.Globalization.CultureInfo.InvariantCulture));

    public JsonElement Response(string operationId, int status) =>
        Resolve(Operations().Single(operation => operation.Operation.GetProperty("operationId").GetString() == operationId)
            .Operation.GetProperty("responses").GetProperty($"{status}"));

    public JsonElement Resolve(JsonElement element)
    {
        if (!element.TryGetProperty("$ref", out var reference))
            return element;

        return reference.GetString()!.Split('/').Skip(1).Aggregate(_root, (at, name) => at.GetProperty(name));
    }

    /// <summary>
    /// Validates a value against a schema: type, const, enum, required members and items, which is all that the document uses.
    /// </summary>
    public void Check(JsonElement value, JsonElement schemaOrReference, string at)
    {
        var schema = Resolve(schemaOrReference);
        if (schema.TryGetProperty("type", out var type))
        {
            var types = type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Select(one => one.GetString()) : [type.GetString()];
            Assert.True(types.Contains(TypeOf(value)), $"{at} is {TypeOf(value)}, not {type}");
        }

        if (schema.TryGetProperty("const", out var constant))
            Assert.Equal(constant.GetString(), value.GetString());
        if (schema.TryGetProperty("enum", out var choices))
            Assert.Contains(value.GetString(), choices.EnumerateArray().Select(choice => choice.GetString()));
        if (value.ValueKind == JsonValueKind.Array && schema.TryGetProperty("items", out var items))
            Assert.All(value.EnumerateArray(), item => Check(item, items, at + "[]"));
        if (value.ValueKind == JsonValueKind.Object)
            CheckMembers(value, schema, at);
    }

    private void CheckMembers(JsonElement value, JsonElement schema, string at)
    {
        if (schema.TryGetProperty("required", out var required))
            Assert.All(required.EnumerateArray(), name =>
                Assert.True(value.TryGetProperty(name.GetString()!, out _), $"{at}.{name} is missing"));
        if (schema.TryGetProperty("additionalProperties", out var all))
            Assert.All(value.EnumerateObject(), member => Check(member.Value, all, $"{at}.{member.Name}"));
        if (!schema.TryGetProperty("properties", out var properties))
            return;

        foreach (var member in value.EnumerateObject())
        {
            var isKnown = properties.TryGetProperty(member.Name, out var property);
            Assert.True(isKnown || at.EndsWith("defaultConfig", StringComparison.Ordinal), $"{at}.{member.Name} is not in the document");
            if (isKnown)
                Check(member.Value, property, $"{at}.{member.Name}");
        }
    }

    private static string TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.Number => value.TryGetInt64(out _) ? "integer" : "number",
        JsonValueKind.Null => "null",
        _ => "boolean",
    };
}
