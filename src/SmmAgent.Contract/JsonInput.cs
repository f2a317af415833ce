using System.Runtime.InteropServices;
using System.Text.Json;

namespace SmmAgent.Contract;

/// <summary>A value of a JSON document, which is converted into a type of the contract or of a file of the agent.</summary>
/// <remarks>
/// The metadata of System.Text.Json would be a tenth of the agent: the source generator and the serializer make code and types for each
/// type, 15 to 35 KB for each value type. The rules are those of the serializer: unknown members are ignored, a required member must be
/// there, and null is accepted only where the type says so. A missing value converts to null or zero; after its object was read, all
/// required members that are missing are reported in one error.
/// </remarks>
public sealed class JsonInput
{
    private readonly JsonElement _value;
    private readonly JsonInput? _parent;
    private readonly string? _name;
    private readonly int _index;
    private readonly bool _allowsDuplicates;
    private List<string>? _missing;

    private JsonInput(JsonElement value, bool allowsDuplicates) => (_value, _allowsDuplicates) = (value, allowsDuplicates);

    private JsonInput(JsonElement value, JsonInput parent, string? name, int index = 0)
        : this(value, parent._allowsDuplicates) => (_parent, _name, _index) = (parent, name, index);

    /// <summary>Reads a document that is one object.</summary>
    /// <param name="read">Reads the members of the object.</param>
    /// <param name="allowsDuplicates">Whether the last of several members of one name applies. Otherwise they are an error.</param>
    /// <param name="maximumDepth">How deep objects and lists may be nested.</param>
    /// <returns>Null if the document is <c>null</c>.</returns>
    /// <exception cref="JsonException">The text is not JSON, or not what <paramref name="read"/> requires.</exception>
    public static T? Read<T>(ReadOnlySpan<byte> utf8, Func<JsonInput, T> read, bool allowsDuplicates = true, int maximumDepth = 64)
        where T : class
    {
        var root = new JsonInput(
            JsonElement.Parse(utf8, new JsonDocumentOptions { MaxDepth = maximumDepth }), allowsDuplicates);
        try
        {
            return root.MembersOrNull(read);
        }
        catch (InvalidOperationException)
        {
            // Thrown for an escape sequence of half a surrogate pair, and for bytes that are not UTF-8.
            throw new JsonInputException("it has a string that is not Unicode text", root.Path);
        }
    }

    /// <summary>The value of a member of this object, which must be there.</summary>
    public JsonInput Required(string name)
    {
        var member = Optional(name);
        if (member.IsMissing)
            (_missing ??= []).Add(name);
        return member;
    }

    /// <summary>The value of a member of this object, which may be missing.</summary>
    public JsonInput Optional(string name)
    {
        JsonElement found = default;
        foreach (var member in _value.EnumerateObject())
        {
            if (!member.NameEquals(name))
                continue;
            if (found.ValueKind != JsonValueKind.Undefined && !_allowsDuplicates)
                throw new JsonInputException($"it has the member '{name}' twice", Path);
            found = member.Value;
        }

        return new(found, this, name);
    }

    /// <summary>The text.</summary>
    public string Text() => IsMissing ? null! : _value.ValueKind == JsonValueKind.String ? _value.GetString()! : throw OtherType();

    /// <summary>The text, or null.</summary>
    public string? TextOrNull() => IsNull ? null : Text();

    /// <summary>The number.</summary>
    public int Number() => IsMissing ? 0 : IsNumber && _value.TryGetInt32(out var number) ? number : throw OtherType();

    /// <summary>The number, or null.</summary>
    public int? NumberOrNull() => IsNull || IsMissing ? null : Number();

    /// <summary>The number.</summary>
    public long LargeNumber() => IsMissing ? 0 : IsNumber && _value.TryGetInt64(out var number) ? number : throw OtherType();

    /// <summary>The number, or null.</summary>
    public double? FractionOrNull() =>
        IsNull || IsMissing ? null : IsNumber && _value.TryGetDouble(out var number) ? number : throw OtherType();

    /// <summary>The truth value.</summary>
    public bool Flag() => _value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False or JsonValueKind.Undefined => false,
        _ => throw OtherType(),
    };

    /// <summary>The truth value, or null.</summary>
    public bool? FlagOrNull() => IsNull || IsMissing ? null : Flag();

    /// <summary>The time.</summary>
    public DateTimeOffset Time() =>
        IsMissing ? default
        : _value.ValueKind == JsonValueKind.String && _value.TryGetDateTimeOffset(out var time) ? time
        : throw OtherType();

    /// <summary>The time, or null.</summary>
    public DateTimeOffset? TimeOrNull() => IsNull || IsMissing ? null : Time();

    /// <summary>The uuid, or null.</summary>
    public Guid? UuidOrNull() =>
        IsNull || IsMissing ? null
        : _value.ValueKind == JsonValueKind.String && _value.TryGetGuid(out var guid) ? guid
        : throw OtherType();

    /// <summary>The bytes of a text in base64.</summary>
    public byte[] Bytes() =>
        IsMissing ? null!
        : _value.ValueKind == JsonValueKind.String && _value.TryGetBytesFromBase64(out var bytes) ? bytes
        : throw OtherType();

    /// <summary>The object.</summary>
    public T Members<T>(Func<JsonInput, T> read)
    {
        if (IsMissing)
            return default!;
        if (_value.ValueKind != JsonValueKind.Object)
            throw OtherType();

        foreach (var member in _value.EnumerateObject())
        {
            // The name of an unknown member must be Unicode text as well; to decode it throws otherwise.
            if (JsonMarshal.GetRawUtf8PropertyName(member).Contains((byte)'\\'))
                _ = member.Name;
        }

        var result = read(this);
        return _missing is null
            ? result
            : throw new JsonInputException($"it lacks '{string.Join("', '", _missing)}'", Path);
    }

    /// <summary>The object, or null.</summary>
    public T? MembersOrNull<T>(Func<JsonInput, T> read)
        where T : class =>
        IsNull ? null : Members(read);

    /// <summary>The list.</summary>
    public IReadOnlyList<T> List<T>(Func<JsonInput, T> read)
    {
        if (IsMissing)
            return null!;
        if (_value.ValueKind != JsonValueKind.Array)
            throw OtherType();

        var items = new List<T>(_value.GetArrayLength());
        foreach (var item in _value.EnumerateArray())
            items.Add(read(new(item, this, name: null, items.Count)));
        return items;
    }

    /// <summary>The list, or null.</summary>
    public IReadOnlyList<T>? ListOrNull<T>(Func<JsonInput, T> read) => IsNull ? null : List(read);

    /// <summary>The object as a dictionary.</summary>
    public IReadOnlyDictionary<string, T> Map<T>(Func<JsonInput, T> read)
    {
        if (IsMissing)
            return null!;
        if (_value.ValueKind != JsonValueKind.Object)
            throw OtherType();

        var map = new Dictionary<string, T>();
        foreach (var member in _value.EnumerateObject())
        {
            var value = read(new(member.Value, this, member.Name));
            if (!_allowsDuplicates && map.ContainsKey(member.Name))
                throw new JsonInputException($"it has the member '{member.Name}' twice", Path);
            map[member.Name] = value;
        }

        return map;
    }

    /// <summary>The object as a dictionary, or null.</summary>
    public IReadOnlyDictionary<string, T>? MapOrNull<T>(Func<JsonInput, T> read) => IsNull ? null : Map(read);

    /// <summary>The error for a value that has another type, or is outside of its limits.</summary>
    public JsonException OtherType() => new JsonInputException(
        _parent is null ? "it has a value of another type" : $"{Path.TrimStart('$', '.')} has a value of another type", Path);

    private string Path => _parent is null ? "$" : _name is null ? $"{_parent.Path}[{_index}]" : $"{_parent.Path}.{_name}";

    private bool IsMissing => _value.ValueKind == JsonValueKind.Undefined;

    private bool IsNull => _value.ValueKind == JsonValueKind.Null;

    private bool IsNumber => _value.ValueKind == JsonValueKind.Number;
}

/// <summary>Valid JSON that is not what a <see cref="JsonInput"/> must be. The message goes on after a name of the document.</summary>
public sealed class JsonInputException(string message, string path)
    : JsonException(message, path, lineNumber: null, bytePositionInLine: null);
