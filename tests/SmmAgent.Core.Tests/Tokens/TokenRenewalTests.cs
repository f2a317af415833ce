using System.Buffers.Text;
using System.Text;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Tests.Tokens;

/// <summary>When a token is renewed, which of two is presented, and what is said meanwhile.</summary>
public sealed class TokenRenewalTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    [Theory]
    [InlineData(0, 24, 0.5, 12.0)]
    [InlineData(0, 24, 0.0, 10.8)]
    [InlineData(0, 24, 1.0, 13.2)]
    [InlineData(-24, 24, 0.5, 0.0)]
    [InlineData(0, 8760, 0.5, 4380.0)]
    public void RenewalIsDueAtHalfOfTheLifeWithinTenPercent(double issued, double expires, double spread, double due) =>
        Assert.Equal(due, (TokenRenewal.DueAt(Token(issued, expires), spread)!.Value - Now).TotalHours, 0.001);

    [Fact]
    public void RenewalOfATokenWithoutAKnownLifeIsNeverDue()
    {
        Assert.Null(TokenRenewal.DueAt(null, 0.5));
        Assert.Null(TokenRenewal.DueAt(Read("""{"sub":"system:serviceaccount:vm:a","iat":1}"""), 0.5));
        Assert.Null(TokenRenewal.DueAt(Read("""{"sub":"system:serviceaccount:vm:a","exp":1}"""), 0.5));
        Assert.Null(TokenRenewal.DueAt(Read("""{"sub":"system:serviceaccount:vm:a","iat":7,"exp":7}"""), 0.5));
    }

    [Theory]
    [InlineData(-1, 23, "vm:a", -13, 11, "vm:a", true)] // the newer
    [InlineData(-1, 23, "vm:a", -24, 9000, "vm:a", true)] // the newer, also where the other lives longer
    [InlineData(-14, 10, "vm:a", -13, 11, "vm:a", false)] // the operator's is newer
    [InlineData(-13, 11, "vm:a", -13, 11, "vm:a", false)]
    [InlineData(-25, -1, "vm:a", -30, 11, "vm:a", false)] // over
    [InlineData(-25, -1, "vm:a", -30, -2, "vm:a", true)] // both over: the one that ended later says why
    [InlineData(-1, 23, "vm:b", -13, 11, "vm:a", false)] // another account
    [InlineData(-1, 23, "other:a", -13, 11, "vm:a", false)]
    public void NewerOfTwoTokensOfOneAccountIsPresented(
        double issued, double expires, string account, double operatorsIssued, double operatorsExpires, string operatorsAccount,
        bool goesBefore) =>
        Assert.Equal(
            goesBefore,
            TokenRenewal.GoesBefore(Token(issued, expires, account), Token(operatorsIssued, operatorsExpires, operatorsAccount), Now));

    [Fact]
    public void OpaqueTokenIsNotReplacedByARenewedToken()
    {
        Assert.False(TokenRenewal.GoesBefore(Token(0, 24), null, Now));
        Assert.False(TokenRenewal.GoesBefore(null, Token(0, 24), Now));
        Assert.False(TokenRenewal.GoesBefore(Read("""{"iat":1,"exp":9999999999}"""), Read("""{"exp":9999999999}"""), Now));
    }

    [Fact]
    public void AnswerWithoutAUsableTokenOfTheAccountIsRefused()
    {
        Assert.Null(TokenRenewal.Refusal(Token(0, 24), Token(-12, 12), Now));
        Assert.Equal("the dashboard's answer is not a token of the same service account",
            TokenRenewal.Refusal(Token(0, 24, "vm:b"), Token(-12, 12), Now));
        Assert.Equal("the dashboard's answer is not a token of the same service account", TokenRenewal.Refusal(null, Token(-12, 12), Now));
        Assert.Equal(
            "the dashboard's answer is a token without a period of validity",
            TokenRenewal.Refusal(Read("""{"sub":"system:serviceaccount:vm:a"}"""), Token(-12, 12), Now));
        Assert.Equal("the dashboard's answer is a token that has expired already: compare the clocks",
            TokenRenewal.Refusal(Token(-24, -1), Token(-12, 12), Now));
    }

    [Theory]
    [InlineData(24, 8.1, RenewalStatus.Works, "Current")]
    [InlineData(24, 7.9, RenewalStatus.Fails, "TokenExpiring")]
    [InlineData(1, 0.5, RenewalStatus.NotTried, "Current")] // a token of an hour that is about to be renewed
    [InlineData(1, 0.5, RenewalStatus.NotOffered, "TokenExpiring")]
    [InlineData(1, 0.3, RenewalStatus.Fails, "TokenExpiring")]
    [InlineData(24, -0.1, RenewalStatus.Works, "TokenExpired")]
    public void TokenIsExpiringOnlyWhenItsRenewalFails(double life, double left, RenewalStatus status, string reason) =>
        Assert.Equal(reason, TokenFacts.From(Token(left - life, left)).Finding(Now, new TokenRenewal(status)).Reason);

    [Fact]
    public void ConditionReportsTheStateOfTheRenewal()
    {
        var facts = TokenFacts.From(Token(-17, 7));

        Assert.Equal("the bearer token expires at 2026-01-02T20:04:05Z, the agent renews it before",
            TokenFacts.From(Token(-7, 17)).Finding(Now, TokenRenewal.Works).Message);
        Assert.StartsWith(
            "the bearer token expires in 7h, at 2026-01-02T10:04:05Z, and is not renewed: the dashboard is away; make a new one: kubectl "
                + "create token -n vm a",
            facts.Finding(Now, new TokenRenewal(RenewalStatus.Fails, "the dashboard is away")).Message, StringComparison.Ordinal);
        Assert.Equal(ConditionStatus.False, facts.Finding(Now, TokenRenewal.NotTried).Status);
    }

    [Fact]
    public void CommandForABoundTokenNamesTheSameSecret() => Assert.EndsWith(
        " --audience=smm-dashboard --bound-object-kind=Secret --bound-object-name=vm1",
        Read(
            """{"sub":"system:serviceaccount:vm:a","aud":["smm-dashboard"],"kubernetes.io":{"secret":{"name":"vm1","uid":"u"}}}""")!.MakeAnother(), StringComparison.Ordinal);

    private static TokenClaims Token(double issued, double expires, string account = "vm:a") => Read(
        $$"""{"sub":"system:serviceaccount:{{account}}","iat":{{Now.AddHours(issued).ToUnixTimeSeconds()}},"exp":{{Now.AddHours(expires).ToUnixTimeSeconds()}} }""")!;

    private static TokenClaims? Read(string payload) =>
        TokenClaims.Read($"e30.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload))}.c2ln");
}
