using System.Buffers.Text;
using System.Text;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Status;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Tests.Tokens;

/// <summary>What TokenCurrent says, as time passes.</summary>
public sealed class TokenFactsTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly TokenRenewal NotOffered = new(RenewalStatus.NotOffered);

    [Theory]
    [InlineData(365 * 24, 7 * 24 + 0.1, "Current")]
    [InlineData(365 * 24, 7 * 24 - 0.1, "TokenExpiring")]
    [InlineData(24, 24, "Current")]
    [InlineData(24, 8.1, "Current")]
    [InlineData(24, 7.9, "TokenExpiring")]
    [InlineData(2, 1.1, "Current")]
    [InlineData(2, 0.9, "TokenExpiring")]
    [InlineData(1, 0.9, "TokenExpiring")]
    [InlineData(24, 0, "TokenExpired")]
    [InlineData(24, -1, "TokenExpired")]
    [InlineData(0, 8.1, "Current")] // no iat
    [InlineData(0, 7.9, "TokenExpiring")]
    public void TokenIsExpiringBetweenOneHourAndSevenDaysBeforeItsEnd(double life, double left, string reason)
    {
        var expires = Now.AddHours(left);
        var iat = life > 0 ? $",\"iat\":{expires.AddHours(-life).ToUnixTimeSeconds()}" : "";

        var finding = Of($$"""{"exp":{{expires.ToUnixTimeSeconds()}}{{iat}} }""").Finding(Now, NotOffered);

        Assert.Equal((reason, reason == "Current" ? ConditionStatus.True : ConditionStatus.False), (finding.Reason, finding.Status));
    }

    [Fact]
    public void MessageHasTheTimeLeftAndBothCommands()
    {
        var facts =
            Of(
                $$"""{"sub":"system:serviceaccount:vm-integration:vm","aud":["smm","a b;id"],"iat":{{Now.AddHours(-20).ToUnixTimeSeconds()}},"exp":{{Now.AddHours(4).ToUnixTimeSeconds()}} }""");

        Assert.Equal(
            "the bearer token expires in 4h, at 2026-01-02T07:04:05Z; make a new one: kubectl create token -n vm-integration vm "
                + "--duration=8760h --audience=smm, "
            + "then: sudo smm-agent set bearer-token --stdin",
            facts.Finding(Now, NotOffered).Message);
    }

    [Fact]
    public void OpaqueTokenAndTokenWithoutAnEndAreCurrent()
    {
        Assert.Equal((ConditionStatus.True, "Opaque"), Said(TokenFacts.From(null)));
        Assert.Equal((ConditionStatus.True, "Current"), Said(Of("""{"sub":"x"}""")));
        Assert.Equal((ConditionStatus.False, "NoToken"), Said(new TokenFacts("there is none")));
    }

    [Fact]
    public void SnapshotEvaluatesTheTokenAtTheCurrentTime()
    {
        var snapshot = new AgentSnapshot
        {
            Settings = SettingsState.Empty
                with
            { Token = Of($$"""{"iat":{{Now.ToUnixTimeSeconds()}},"exp":{{Now.AddHours(24).ToUnixTimeSeconds()}} }""") },
        };
        string Reason(double hours) =>
            snapshot.ConditionUpdates(Now.AddHours(hours)).Single(finding => finding.Type == ConditionType.TokenCurrent).Reason;

        Assert.Equal(["Current", "TokenExpiring", "TokenExpired"], [Reason(1), Reason(17), Reason(25)]);
        Assert.Equal("NotConfigured", new AgentSnapshot { Settings = SettingsState.Empty with { Token = new TokenFacts("none") } }
            .ConditionUpdates(Now).Single(finding => finding.Type == ConditionType.TokenCurrent).Reason);
    }

    [Fact]
    public void SameTokenHasEqualFacts() =>
    Assert.Equal(Of("""{"exp":4102444800,"aud":["a"]}"""), Of("""{"exp":4102444800,"aud":["a"]}"""));

    private static (ConditionStatus, string) Said(TokenFacts facts) =>
        (facts.Finding(Now, NotOffered).Status, facts.Finding(Now, NotOffered).Reason);

    private static TokenFacts Of(string payload) =>
        TokenFacts.From(TokenClaims.Read($"e30.{Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload))}.c2ln"));
}
