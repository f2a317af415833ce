using System.Text;
using System.Text.Json;

namespace SmmAgent.Contract.Tests;

public sealed class JsonInputTests
{
    private const string Whole =
        """
        {"name":"n","note":null,"size":3,"at":"2024-10-04T01:00:00+02:00","items":[{"flag":true},null],"map":{"a":"b"},"more":[1]}
        """;

    private sealed record Item(bool Flag);

    private sealed record Document(
        string Name, string? Note, int Size, DateTimeOffset At, IReadOnlyList<Item> Items, IReadOnlyDictionary<string, string>? Map);

    [Fact]
    public void DocumentIsRead()
    {
        var document = Read(Whole)!;

        Assert.Equal(("n", null, 3), (document.Name, document.Note, document.Size));
        Assert.Equal(new DateTimeOffset(2024, 10, 4, 1, 0, 0, TimeSpan.FromHours(2)), document.At);
        Assert.Equal([new Item(true), null!], document.Items);
        Assert.Equal("b", document.Map!["a"]);
    }

    [Fact]
    public void NullIsNoDocument() => Assert.Null(Read("null"));

    [Theory]
    [InlineData("\"name\":\"n\"", "\"name\":null", "name has a value of another type")]
    [InlineData("\"name\":\"n\"", "\"name\":1", "name has a value of another type")]
    [InlineData("\"size\":3", "\"size\":\"3\"", "size has a value of another type")]
    [InlineData("\"size\":3", "\"size\":3.0", "size has a value of another type")]
    [InlineData("\"size\":3", "\"size\":2147483648", "size has a value of another type")]
    [InlineData("\"at\":\"2024-10-04T01:00:00+02:00\"", "\"at\":\"yesterday\"", "at has a value of another type")]
    [InlineData("true", "1", "items[0].flag has a value of another type")]
    [InlineData("\"flag\":true", "", "it lacks 'flag'")]
    [InlineData("\"items\":[", "\"items\":[[],", "items[0] has a value of another type")]
    [InlineData("\"a\":\"b\"", "\"a\":[]", "map.a has a value of another type")]
    [InlineData("{\"a\":\"b\"}", "\"\"", "map has a value of another type")]
    [InlineData("\"name\":\"n\",\"note\":null,", "", "it lacks 'name', 'note'")]
    [InlineData("\"name\":\"n\"", "\"name\":\"\\ud800\"", "it has a string that is not Unicode text")]
    [InlineData("\"more\"", "\"\\ud800\"", "it has a string that is not Unicode text")]
    public void AnythingElseIsAnError(string part, string other, string message) =>
        Assert.Equal(message, Error(Whole.Replace(part, other, StringComparison.Ordinal)));

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{}{}")]
    [InlineData("{\"name\":\"n\",}")]
    public void TextThatIsNotJsonIsAnError(string text) =>
        Assert.StartsWith("it is not valid JSON (line 1, byte ", Error(text), StringComparison.Ordinal);

    [Fact]
    public void NamesAreCompared()
    {
        Assert.Equal("n", Read(Whole.Replace("\"name\"", "\"n\\u0061me\"", StringComparison.Ordinal))!.Name);
        Assert.Equal("it lacks 'name'", Error(Whole.Replace("\"name\"", "\"Name\"", StringComparison.Ordinal)));
    }

    [Fact]
    public void LastDuplicateApplies() =>
        Assert.Equal(4, Read(Whole.Replace("\"size\":3", "\"size\":3,\"size\":4", StringComparison.Ordinal))!.Size);

    [Theory]
    [InlineData("\"size\":3", "\"size\":3,\"size\":3", "it has the member 'size' twice")]
    [InlineData("\"a\":\"b\"", "\"a\":\"b\",\"\\u0061\":\"b\"", "it has the member 'a' twice")]
    public void DuplicateIsAnErrorWhereItIsNotAllowed(string part, string twice, string message) =>
        Assert.Equal(message, Error(Whole.Replace(part, twice, StringComparison.Ordinal), allowsDuplicates: false));

    [Fact]
    public void NestingIsLimited()
    {
        Assert.NotNull(Read(Whole.Replace("[1]", new string('[', 63) + new string(']', 63), StringComparison.Ordinal)));
        Assert.StartsWith(
            "it is not valid JSON",
            Error(Whole.Replace("[1]", new string('[', 64) + new string(']', 64), StringComparison.Ordinal)),
            StringComparison.Ordinal);
    }

    private static string Error(string text, bool allowsDuplicates = true) =>
        JsonErrorText.From(Assert.ThrowsAny<JsonException>(() => Read(text, allowsDuplicates)));

    private static Document? Read(string text, bool allowsDuplicates = true) => JsonInput.Read(
        Encoding.UTF8.GetBytes(text),
        json => new Document(
            json.Required("name").Text(),
            json.Required("note").TextOrNull(),
            json.Required("size").Number(),
            json.Required("at").Time(),
            json.Required("items").List(
                item => item.MembersOrNull(item => new Item(item.Required("flag").Flag()))!),
            json.Optional("map").MapOrNull(value => value.Text())),
        allowsDuplicates);
}
