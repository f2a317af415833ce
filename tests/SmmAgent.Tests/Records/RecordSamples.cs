using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace SmmAgent.Tests.Records;

/// <summary>One method for each way to format a record. RecordTexts must find each of them.</summary>
internal static class RecordSamples
{
    public static string Called(Item item) => item.ToString();

    public static string CalledOnAnotherBranch(Item? item) => item?.ToString() ?? "none";

    public static string CalledOnAValue(Number number) => number.ToString();

    public static string CalledOnABase(IShape shape) => shape.ToString()!;

    public static string Interpolated(Item item) => $"the {item}";

    public static string InterpolatedNullable(Number? number) => $"the {number}";

    public static string InterpolatedTuple(Item item) => $"the {(item, 1)}";

    public static string InterpolatedParameter<T>(T value) => $"the {value}";

    public static string Concatenated(Item item) => "the " + item;

    public static string Joined(IEnumerable<Item> items) => string.Join(", ", items);

    public static string JoinedAsObjects(Item item) => string.Join(", ", item, 1);

    public static string Formatted(Number number) => string.Format(CultureInfo.InvariantCulture, "the {0}", number);

    public static string Chosen(Item? item) => string.Format(CultureInfo.InvariantCulture, "the {0}", item is null ? "none" : item);

    public static StringBuilder Appended(StringBuilder text, Item item) => text.Append(item);

    public static Exception Thrown(Item item) => new ArgumentOutOfRangeException(nameof(item), item, null);

    public static IEnumerable<object> Collected(IReadOnlyList<Item> items) => items;

    public static Dictionary<(Item Item, int Place), string> Keys() => [];

    public static IReadOnlyDictionary<Item, int> FoundKeys(IEnumerable<Item> items) => items.ToDictionary(item => item, item => 1);

    public static string? Anonymous(Item item) => new { item }.ToString();

    public static Action<ILogger, Item, Exception?> Defined() => LoggerMessage.Define<Item>(LogLevel.Information, 1, "{Item}");

#pragma warning disable CA1848, CA1873 // one of the ways
    public static void Logged(ILogger logger, Item item) => logger.LogInformation("{Item}", item);
#pragma warning restore CA1848, CA1873

    internal sealed record Item(int Value);

    internal readonly record struct Number(int Value);

    internal interface IShape;

#pragma warning disable CA1812 // a value of the base could be one
    internal sealed record Round(int Radius) : IShape;
#pragma warning restore CA1812
}
