using CsCheck;
using SmmAgent.Linux.Network.Names;

namespace SmmAgent.Linux.Tests.Network.Names;

public sealed class DnsMessageTests
{
    private const string Question = "01610162000001 0001"; // a.b, A, IN
    private const string Address = "c00c 0001 0001 0000001e 0004 0a600001";
    private static readonly byte[] Query = DnsMessage.Query(0x1234, "a.b", DnsRecordType.A)!;

    [Fact]
    public void QueryHasOneQuestionAndRequestsRecursion()
    {
        Assert.Equal(Bytes("1234 0100 0001 0000 0000 0000" + Question), Query);
        Assert.Equal(Query, DnsMessage.Query(0x1234, "a.b.", DnsRecordType.A));
        Assert.Equal(Bytes("1234 0100 0001 0000 0000 0000 0161016200 001c 0001"), DnsMessage.Query(0x1234, "a.b", DnsRecordType.Aaaa));
    }

    [Fact]
    public void InvalidDnsNameIsNotAsked()
    {
        Assert.All(
            (string[])["", ".", "a..b", ".a", "a..", "\u00e4.b", new string('a', 64),
                string.Join('.', Enumerable.Repeat(new string('a', 63), 4))],
            name => Assert.Null(DnsMessage.Query(1, name, DnsRecordType.A)));
        // 255 bytes
        Assert.NotNull(DnsMessage.Query(
            1, string.Join('.', [.. Enumerable.Repeat(new string('a', 63), 3), new string('a', 61)]), DnsRecordType.A));
        Assert.Null(DnsMessage.Query(
            1, string.Join('.', [.. Enumerable.Repeat(new string('a', 63), 3), new string('a', 62)]), DnsRecordType.A));
    }

    [Theory]
    [InlineData("an address", "1234 8580 0001 0001 0000 0000" + Question + Address, DnsAnswer.Address)]
    [InlineData("the question in another case", "1234 8580 0001 0001 0000 0000 0141014200 0001 0001" + Address, DnsAnswer.Address)]
    [InlineData("a record that names its owner in full",
        "1234 8580 0001 0001 0000 0000" + Question + "0161016200 0001 0001 0000001e 0004 0a600001", DnsAnswer.Address)]
    [InlineData("an alias, and its address",
        "1234 8180 0001 0002 0000 0000" + Question + "c00c 0005 0001 0000001e 0003 016300 c00c 0001 0001 0000001e 0004 0a600001",
        DnsAnswer.Address)]
    [InlineData("an alias alone", "1234 8180 0001 0001 0000 0000" + Question + "c00c 0005 0001 0000001e 0003 016300", DnsAnswer.NoAddress)]
    [InlineData("no record", "1234 8580 0001 0000 0000 0000" + Question, DnsAnswer.NoAddress)]
    [InlineData("NXDOMAIN", "1234 8183 0001 0000 0000 0000" + Question, DnsAnswer.NoSuchName)]
    [InlineData("truncated", "1234 8380 0001 0000 0000 0000" + Question, DnsAnswer.Truncated)]
    [InlineData("SERVFAIL", "1234 8182 0001 0000 0000 0000" + Question, DnsAnswer.Unknown)]
    [InlineData("REFUSED", "1234 8185 0001 0000 0000 0000" + Question, DnsAnswer.Unknown)]
    [InlineData("another id", "1235 8580 0001 0001 0000 0000" + Question + Address, DnsAnswer.Unknown)]
    [InlineData("the query itself", "1234 0100 0001 0000 0000 0000" + Question, DnsAnswer.Unknown)]
    [InlineData("another operation", "1234 a180 0001 0000 0000 0000" + Question, DnsAnswer.Unknown)]
    [InlineData("another name", "1234 8183 0001 0000 0000 0000 0161016300 0001 0001", DnsAnswer.Unknown)]
    [InlineData("another type", "1234 8183 0001 0000 0000 0000 0161016200 001c 0001", DnsAnswer.Unknown)]
    [InlineData("no question", "1234 8183 0000 0000 0000 0000", DnsAnswer.Unknown)]
    [InlineData("fewer records than it counts", "1234 8580 0001 ffff 0000 0000" + Question + Address, DnsAnswer.Unknown)]
    [InlineData("a record without its end", "1234 8580 0001 0001 0000 0000" + Question + "c00c 0001 0001 0000001e 0004 0a60",
        DnsAnswer.Unknown)]
    [InlineData("an address of another length", "1234 8580 0001 0001 0000 0000" + Question + "c00c 0001 0001 0000001e 0003 0a6000",
        DnsAnswer.Unknown)]
    [InlineData("a pointer to itself", "1234 8580 0001 0001 0000 0000" + Question + "c015 0001 0001 0000001e 0004 0a600001",
        DnsAnswer.Unknown)]
    [InlineData("a pointer into the header", "1234 8580 0001 0001 0000 0000" + Question + "c000 0001 0001 0000001e 0004 0a600001",
        DnsAnswer.Unknown)]
    [InlineData("half a pointer", "1234 8580 0001 0001 0000 0000" + Question + "c0", DnsAnswer.Unknown)]
    [InlineData("a label of a reserved form", "1234 8580 0001 0001 0000 0000" + Question + "4161 00 0001 0001 0000001e 0004 0a600001",
        DnsAnswer.Unknown)]
    [InlineData("half a header", "1234 8580 0001", DnsAnswer.Unknown)]
    [InlineData("nothing", "", DnsAnswer.Unknown)]
    public void AnswerIsReadExactly(string what, string answer, DnsAnswer expected) =>
        Assert.Equal((what, expected), (what, DnsMessage.Read(Query, Bytes(answer))));

    [Fact]
    public void IPv6AddressAnswersAnIPv6Question()
    {
        var answer =
            Bytes("1234 8580 0001 0001 0000 0000 0161016200 001c 0001 c00c 001c 0001 0000001e 0010 20010db8000000000000000000000001");

        Assert.Equal(DnsAnswer.Address, DnsMessage.Read(DnsMessage.Query(0x1234, "a.b", DnsRecordType.Aaaa), answer));
    }

    [Fact]
    public void RandomBytesAreUnknown() => Gen.Byte.Array[0, 600].Where(bytes => bytes.Length < 2 || bytes[0] != 0x12)
        .Sample(bytes => DnsMessage.Read(Query, bytes) == DnsAnswer.Unknown);

    [Fact]
    public void RandomRecordsAfterAValidHeaderDoNotThrow() => Gen.Select(Gen.Byte.Array[0, 600], Gen.UShort).Sample((records, count) =>
    {
        byte[] answer = [.. Bytes("1234 8580 0001"), (byte)(count >> 8), (byte)count, .. Bytes("0000 0000" + Question), .. records];

        Assert.NotEqual(DnsAnswer.NoSuchName, DnsMessage.Read(Query, answer));
        if (records.Length < count * 11)
            Assert.Equal(DnsAnswer.Unknown, DnsMessage.Read(Query, answer)); // a record has 11 bytes at least
    });

    [Fact]
    public void TruncatedBytesOfAValidAnswerAreUnknown()
    {
        var whole = Bytes("1234 8580 0001 0001 0000 0000" + Question + Address);

        Assert.All(Enumerable.Range(0, whole.Length),
            length => Assert.Equal(DnsAnswer.Unknown, DnsMessage.Read(Query, whole.AsSpan(0, length))));
    }

    private static byte[] Bytes(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
}
