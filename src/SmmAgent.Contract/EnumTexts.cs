using System.Text.Json;

namespace SmmAgent.Contract;

/// <summary>
/// The texts of an enum in JSON. An unknown text, for example of a newer version, is read as <paramref name="unknown"/>.
/// </summary>
/// <param name="naming">How a member's name becomes the text; null for the name itself.</param>
/// <param name="unknown">The member for an unknown text.</param>
public sealed class EnumTexts<TEnum>(JsonNamingPolicy? naming, TEnum unknown)
    where TEnum : struct, Enum
{
    private readonly TEnum[] _values = Enum.GetValues<TEnum>();

    /// <summary>The text of a member.</summary>
    public string Text(TEnum value) => naming is null ? $"{value}" : naming.ConvertName($"{value}");

    /// <summary>The member that a text names.</summary>
    public TEnum Parse(string text)
    {
        foreach (var value in _values)
        {
            if (Text(value) == text)
                return value;
        }

        return unknown;
    }
}
