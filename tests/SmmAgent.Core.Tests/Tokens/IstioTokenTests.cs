using System.Buffers.Text;
using System.Text;
using CsCheck;
using SmmAgent.Core.Tests.Sidecar;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Tests.Tokens;

public sealed class IstioTokenTests
{
    private const string Subject = "\"sub\":\"system:serviceaccount:vm-integration:default\"";

    private static readonly DateTimeOffset Issued = DateTimeOffset.FromUnixTimeSeconds(1_000_000);

    [Theory]
    [InlineData(0, TokenVerdict.Use)]
    [InlineData(1799, TokenVerdict.Use)]
    [InlineData(1800, TokenVerdict.Renew)]
    [InlineData(3599, TokenVerdict.Renew)]
    [InlineData(3600, TokenVerdict.Expired)]
    public void TokenIsRenewedAtHalfOfItsLife(int age, TokenVerdict verdict)
    {
        var token = IstioToken.Evaluate(
            Jwt($$"""{{{Subject}},"aud":["istio-ca"],"iat":1000000,"exp":1003600}"""), SidecarSamples.Config.WorkloadGroup,
            Issued.AddSeconds(age));
        Assert.Equal(verdict, token.Verdict);
        Assert.Equal(verdict == TokenVerdict.Use ? Issued.AddSeconds(1800) : null, token.ReevaluateAt);
    }

    [Theory]
    [InlineData("\"aud\":\"istio-ca\",\"exp\":1003600", TokenVerdict.Use)]
    [InlineData("\"aud\":[\"other\",\"istio-ca\"],\"exp\":1001799", TokenVerdict.Renew)]
    [InlineData("\"aud\":[\"istio-ca\"],\"iat\":1009999,\"exp\":1003600", TokenVerdict.Use)]
    public void TokenWithoutATimeOfIssueIsAssumedToLiveOneHour(string claims, TokenVerdict verdict) =>
        Assert.Equal(verdict, IstioToken.Evaluate(Jwt($"{{{Subject},{claims}}}"), SidecarSamples.Config.WorkloadGroup, Issued).Verdict);

    [Theory]
    [InlineData(null, "there is no istio-token")]
    [InlineData(" \n", "there is no istio-token")]
    [InlineData("opaque", "the istio-token is not a JWT")]
    [InlineData("{\"exp\":1003600}", "the istio-token is not for the audience istio-ca")]
    [InlineData("{\"aud\":[\"istio-ca\"],\"sub\":\"system:serviceaccount:vm-integration:other\",\"exp\":1003600}",
        "the istio-token is not of the service account vm-integration/default")]
    [InlineData("{\"aud\":[\"istio-ca\"],\"sub\":\"system:serviceaccount:vm-integration:default\"}",
        "the istio-token does not say when it expires")]
    public void TokenThatTheCertificateAuthorityRefusesIsUnusable(string? token, string reason)
    {
        var judged = IstioToken.Evaluate(token?.StartsWith('{') == true ? Jwt(token) : token, SidecarSamples.Config.WorkloadGroup, Issued);
        Assert.Equal((TokenVerdict.Unusable, reason), (judged.Verdict, judged.Reason));
    }

    [Fact]
    public void ReevaluationWithoutTheTokenEqualsEvaluationOfTheToken() =>
        Gen.Select(Gen.Int[-4000, 8000], Gen.Int[0, 8000], OneOf("\"iat\":1000000,", "\"iat\":1009999,", ""), Gen.Int[999_000, 1_005_000])
            .Sample((at, later, issued, expires) =>
            {
                var jwt = Jwt($"{{{Subject},\"aud\":\"istio-ca\",{issued}\"exp\":{expires}}}");
                var (first, second) = (Issued.AddSeconds(at), Issued.AddSeconds(at + later));
                Assert.Equal(
                    IstioToken.Evaluate(jwt, SidecarSamples.Config.WorkloadGroup, second),
                    IstioToken.Evaluate(jwt, SidecarSamples.Config.WorkloadGroup, first).At(second));
            });

    [Fact]
    public void UnusableTokenStaysUnusable()
    {
        var token = IstioToken.Evaluate(null, SidecarSamples.Config.WorkloadGroup, Issued);
        Assert.Null(token.Expires);
        Assert.Same(token, token.At(Issued.AddYears(1)));
    }

    private static string Jwt(string payload) => $"eyJhbGciOiJFUzI1NiJ9.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload))}.c2ln\n";

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}
