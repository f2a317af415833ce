using System.Text.Json;

namespace SmmAgent.Contract;

/// <summary>Reads the members of one JSON object and collects all errors instead of stopping at the first.</summary>
internal sealed class ObjectReader(JsonElement element, string path, List<InputError> faults)
{
    private static readonly JsonElement EmptyObject = JsonDocument.Parse("{}").RootElement;

    public JsonElement Element { get; } = element;

    public ObjectReader Object(string name, bool required = true)
    {
        if (Find(name, required) is not { } value)
            return new(EmptyObject, At(name), required ? [] : faults); // a missing object is one error, not one for each member

        if (value.ValueKind == JsonValueKind.Object)
            return new(value, At(name), faults);

        Refuse(name, $"is {Kind(value)}, not an object");
        return new(EmptyObject, At(name), []);
    }

    public string String(string name, Func<string, string?>? rule = null, bool mayBeEmpty = false) =>
        OptionalString(name, rule, required: true, mayBeEmpty) ?? "";

    public string? OptionalString(string name, Func<string, string?>? rule = null, bool required = false, bool mayBeEmpty = false) =>
        Find(name, required) is { } value ? Text(value, At(name), rule, mayBeEmpty) : null;

    public int Port(string name) => Find(name, required: true) is { } value ? PortOf(value, At(name)) : 0;

    public long? OptionalSize(string name)
    {
        if (Find(name, required: false) is not { } value)
            return null;

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var size) && size >= 0)
            return size;

        Refuse(name, $"{NameRules.Shown(value.GetRawText())} is not a size in bytes");
        return null;
    }

    public bool OptionalFlag(string name)
    {
        if (Find(name, required: false) is not { } value)
            return false;

        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return value.GetBoolean();

        Refuse(name, $"is {Kind(value)}, not true or false");
        return false;
    }

    public IReadOnlyList<T> List<T>(string name, Func<ObjectReader, T> read, bool required = false) =>
        Items(name, required, (value, at) =>
        {
            if (value.ValueKind == JsonValueKind.Object)
                return read(new ObjectReader(value, at, faults));

            faults.Add(new InputError(at, $"is {Kind(value)}, not an object"));
            return default;
        });

    public IReadOnlyList<string> Strings(string name, Func<string, string?>? rule = null, bool required = false) =>
        Items(name, required, (value, at) => Text(value, at, rule, mayBeEmpty: false));

    public IReadOnlyDictionary<string, string> Map(string name, Func<string, string?>? keyRule = null, bool required = false) =>
        Members(name, required, keyRule, (value, at) => Text(value, at, rule: null, mayBeEmpty: true));

    public IReadOnlyDictionary<string, int> Ports(string name) =>
        Members(name, required: true, NameRules.Label, PortOf);

    public void Refuse(string name, string reason) => faults.Add(new InputError(At(name), reason));

    public JsonElement? Find(string name, bool required)
    {
        if (Element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null)
            return value;

        if (required)
            Refuse(name, "is required and missing");
        return null;
    }

    private static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => "a number",
        _ => "a truth value",
    };

    private T[] Items<T>(string name, bool required, Func<JsonElement, string, T?> read)
    {
        if (Find(name, required) is not { } value)
            return [];

        if (value.ValueKind == JsonValueKind.Array)
            return value.EnumerateArray().Select((item, i) => read(item, $"{At(name)}[{i}]")).OfType<T>().ToArray();

        Refuse(name, $"is {Kind(value)}, not a list");
        return [];
    }

    private Dictionary<string, T> Members<T>(
        string name, bool required, Func<string, string?>? keyRule, Func<JsonElement, string, T?> read)
    {
        var members = new Dictionary<string, T>(StringComparer.Ordinal);
        if (Find(name, required) is not { } value)
            return members;

        if (value.ValueKind != JsonValueKind.Object)
        {
            Refuse(name, $"is {Kind(value)}, not an object");
            return members;
        }

        foreach (var member in value.EnumerateObject())
        {
            if (keyRule?.Invoke(member.Name) is { } reason)
                Refuse(name, reason);
            else if (read(member.Value, $"{At(name)}.{member.Name}") is { } item)
                members.Add(member.Name, item);
        }

        return members;
    }

    private string? Text(JsonElement value, string at, Func<string, string?>? rule, bool mayBeEmpty)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            faults.Add(new InputError(at, $"is {Kind(value)}, not a string"));
            return null;
        }

        var text = value.GetString()!;
        var reason = text.Length == 0 && !mayBeEmpty ? "is empty"
            : text.Length == 0 ? null
            : rule?.Invoke(text);
        if (reason is not null)
            faults.Add(new InputError(at, reason));
        return text;
    }

    private int PortOf(JsonElement value, string at)
    {
        var reason = value.ValueKind != JsonValueKind.Number ? $"is {Kind(value)}, not a TCP port (1-65535)"
            : value.TryGetInt64(out var port) ? NameRules.Port(port)
            : $"{NameRules.Shown(value.GetRawText())} is not a TCP port (1-65535)";
        if (reason is null)
            return value.GetInt32();

        faults.Add(new InputError(at, reason));
        return 0;
    }

    private string At(string name) => path.Length == 0 ? name : $"{path}.{name}";
}
