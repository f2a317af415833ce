using System.Text;
using System.Text.Json.Nodes;
using SmmAgent.Contract.Signing;

namespace SmmAgent.Contract.Tests.Signing;

public sealed class SignedPackageListTests
{
    private static readonly PackageSigningKey Key = PackageSigningKey.New();
    private static readonly PackageSigningKey Other = PackageSigningKey.New();

    private static readonly PackageList List = new()
    {
        Format = 1,
        Issued = DateTimeOffset.UnixEpoch,
        Expires = DateTimeOffset.UnixEpoch.AddDays(1),
        MinimumVersions = new Dictionary<string, string> { ["istio-sidecar"] = "1.24.0" },
        Packages = [new() { Name = "istio-sidecar", Version = "1.24.0", Format = PackageFormat.Deb, Architecture = "amd64", Size = 7,
            Sha256 = new string('a', 64) }],
    };

    [Fact]
    public void ListSignedByATrustedKeyIsRead()
    {
        var opened = Assert.IsType<ListOpening.Opened>(
            SignedPackageList.Open(SignedPackageList.Seal(List, [Key]), [Other.Public, Key.Public]));
        Assert.Equal(Key.Public, opened.Key);
        Assert.Equal((List.Issued, List.Expires, "1.24.0", List.Packages[0]),
            (opened.List.Issued, opened.List.Expires, opened.List.MinimumVersions["istio-sidecar"], opened.List.Packages[0]));
    }

    [Fact]
    public void EitherKeyIsEnoughDuringARotation()
    {
        var file = SignedPackageList.Seal(List, [Key, Other]);
        Assert.Equal(Key.Public, Assert.IsType<ListOpening.Opened>(SignedPackageList.Open(file, [Key.Public])).Key);
        Assert.Equal(Other.Public, Assert.IsType<ListOpening.Opened>(SignedPackageList.Open(file, [Other.Public])).Key);
    }

    [Fact]
    public void ListOfAnUnknownKeyIsRefusedWithBothKeys() =>
        Assert.Equal(
            new(ListError.UnknownKey, $"is signed by {Key.Public.Id}, and the trusted keys are {Other.Public.Id}"),
            Assert.IsType<ListOpening.Refused>(SignedPackageList.Open(SignedPackageList.Seal(List, [Key]), [Other.Public])));

    [Fact]
    public void ForgedSignatureOfATrustedKeyIsRefused()
    {
        var file = Changed(node => node["signatures"]![0]!["keyid"] = Other.Public.Id);
        Assert.Equal(ListError.BadSignature, Assert.IsType<ListOpening.Refused>(SignedPackageList.Open(file, [Other.Public])).Error);
    }

    [Fact]
    public void EveryByteOfThePayloadIsSigned()
    {
        var payload = Convert.FromBase64String((string)JsonNode.Parse(SignedPackageList.Seal(List, [Key]))!["payload"]!);
        for (var i = 0; i < payload.Length; i++)
        {
            var changed = payload.ToArray();
            changed[i] ^= 1;
            var file = Changed(node => node["payload"] = Convert.ToBase64String(changed));
            Assert.Equal(ListError.BadSignature, Assert.IsType<ListOpening.Refused>(SignedPackageList.Open(file, [Key.Public])).Error);
        }
    }

    // What else the key may have signed is no package list: the type is signed, too.
    [Fact]
    public void SignatureOfTheBareListIsRefused()
    {
        var payload = List.Write();
        var file = Changed(node => node["signatures"]![0]!["sig"] = Convert.ToBase64String(Key.Sign(payload)));
        Assert.Equal(ListError.BadSignature, Assert.IsType<ListOpening.Refused>(SignedPackageList.Open(file, [Key.Public])).Error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"payloadType\":\"x\",\"payload\":\"\",\"signatures\":[]}")]
    [InlineData("{\"payloadType\":\"application/vnd.smm.package-list+json\",\"payload\":\"*\",\"signatures\":[]}")]
    [InlineData("{\"payloadType\":\"application/vnd.smm.package-list+json\",\"payload\":\"\",\"signatures\":[null]}")]
    [InlineData("{\"payloadType\":\"application/vnd.smm.package-list+json\",\"payload\":\"\",\"signatures\":null}")]
    [InlineData("{\"payloadType\":null,\"payload\":\"\",\"signatures\":[]}")]
    [InlineData("{\"payloadType\":\"\\ud800\",\"payload\":\"\",\"signatures\":[]}")]
    [InlineData("{\"payload\":\"\",\"payload\":\"\",\"payloadType\":\"\",\"signatures\":[]}")]
    public void FileThatIsNotASignedListIsRefused(string file) =>
        Assert.Equal(ListError.Malformed,
            Assert.IsType<ListOpening.Refused>(SignedPackageList.Open(Encoding.UTF8.GetBytes(file), [Key.Public])).Error);

    [Fact]
    public void DeepOrLargeFileIsRefused()
    {
        Assert.IsType<ListOpening.Refused>(
            SignedPackageList.Open(Encoding.UTF8.GetBytes("{\"signatures\":" + new string('[', 100_000)), [Key.Public]));
        Assert.IsType<ListOpening.Refused>(SignedPackageList.Open(new byte[SignedPackageList.MaximumBytes + 1], [Key.Public]));
        var many = Changed(node => node["signatures"] = new JsonArray(
            [.. Enumerable.Repeat(node["signatures"]![0]!, 17).Select(signature => signature.DeepClone())]));
        Assert.IsType<ListOpening.Refused>(SignedPackageList.Open(many, [Key.Public]));
    }

    [Fact]
    public void NullInASignatureIsRefused() =>
        Assert.IsType<ListOpening.Refused>(
            SignedPackageList.Open(Changed(node => node["signatures"]![0]!["sig"] = "not base64"), [Key.Public]));

    [Fact]
    public void UnknownFormatIsRefused()
    {
        var refused = Assert.IsType<ListOpening.Refused>(
            SignedPackageList.Open(SignedPackageList.Seal(List with { Format = 2 }, [Key]), [Key.Public]));
        Assert.Equal((ListError.Malformed, $"is signed by {Key.Public}, but has the format 2, but only 1 is supported"),
            (refused.Error, refused.Message));
    }

    private static byte[] Changed(Action<JsonNode> change)
    {
        var node = JsonNode.Parse(SignedPackageList.Seal(List, [Key]))!;
        change(node);
        return Encoding.UTF8.GetBytes(node.ToJsonString());
    }
}
