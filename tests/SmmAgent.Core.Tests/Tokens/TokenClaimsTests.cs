using System.Buffers.Text;
using System.Text;
using CsCheck;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Tests.Tokens;

public sealed class TokenClaimsTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_000_000);

    [Theory]
    [InlineData("""{"sub":"system:serviceaccount:ns:sa","exp":1000001,"nbf":999999}""", "")]
    [InlineData("""{"sub":"system:serviceaccount:ns:sa","exp":1000000}""", "the token expired at 1970-01-12T13:46:40Z")]
    [InlineData("""{"sub":"system:serviceaccount:ns:sa","exp":999999.5}""", "kubectl create token -n ns sa")]
    [InlineData("""{"sub":"system:serviceaccount:ns:sa","nbf":1000001}""", "is not valid before 1970-01-12T13:46:41Z")]
    [InlineData("""{"sub":"system:serviceaccount:other:sa"}""", "of the namespace 'other', but the WorkloadGroup's is 'ns'")]
    [InlineData("""{"sub":"system:serviceaccount:ns:other"}""", "of the service account 'other', but the WorkloadGroup's is 'sa'")]
    [InlineData("""{"sub":"someone","exp":1e300}""", "")]
    [InlineData("""{"sub":5,"exp":"tomorrow"}""", "")]
    public void TokenThatADashboardWouldRefuseIsAWarning(string payload, string shown)
    {
        var doubts = TokenClaims.Read(Jwt(payload))!.FindWarnings("ns", "sa", Now).ToList();

        Assert.Equal(shown.Length > 0 ? 1 : 0, doubts.Count);
        Assert.Contains(shown, string.Concat(doubts), StringComparison.Ordinal);
    }

    [Fact]
    public void MissingSettingIsNotAWarning() =>
        Assert.Empty(TokenClaims.Read(Jwt("""{"sub":"system:serviceaccount:ns:sa"}"""))!.FindWarnings(null, null, Now));

    [Theory]
    [InlineData("opaque")]
    [InlineData("a.b.c")]
    [InlineData("..")]
    [InlineData("a.W10.c")]
    [InlineData("a.bnVsbA.c")]
    public void OpaqueTokenHasNoClaims(string token) => Assert.Null(TokenClaims.Read(token));

    [Fact]
    public void RandomTokenNeverThrows() =>
        Gen.Select(Gen.String, Gen.Byte.Array[0, 60]).Sample((text, bytes) =>
        {
            TokenClaims.Read(text);
            TokenClaims.Read($"a.{Base64Url.EncodeToString(bytes)}.c");
            TokenClaims.Read(Jwt($$"""{"sub":"{{text}}\ud800","exp":{{bytes.Length}}}"""));
        });

    private static string Jwt(string payload) => $"eyJhbGciOiJSUzI1NiJ9.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload))}.c2ln";
}
