using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Tokens;
using static SmmAgent.Core.Tests.Sidecar.Planning.RemediationSamples;

namespace SmmAgent.Core.Tests.Sidecar.Planning;

/// <summary>The agent replaces an istio-token that is missing, unreadable or refused, and starts no sidecar without credentials.</summary>
public sealed class TokenRemediationTests
{
    [Fact]
    public void RemediationNamesACommandOnlyForManualSteps()
    {
        foreach (var kind in Enum.GetValues<SidecarFailureKind>())
            Assert.DoesNotContain("smm-agent reconcile", new SidecarFailure(kind, "the line").Remediation, StringComparison.Ordinal);
    }

    [Fact]
    public void AttachedHostHasNothingToDo() => Assert.Equal("", Plan(Attached()).ToString());

    [Theory]
    [InlineData(TokenVerdict.Expired)]
    [InlineData(TokenVerdict.Unusable)]
    public void UnusableTokenIsReplacedByTheCommandInTheRemediation(TokenVerdict verdict)
    {
        var host = Attached();
        host.Token = verdict;
        Assert.Equal($"fetch a new istio-token ({verdict})", Plan(host).ToString());
    }

    [Fact]
    public void TokenThatTheSidecarCannotReadIsWrittenAgain()
    {
        var missing = Attached();
        missing.Files.Remove(SidecarFiles.Token);
        missing.Token = TokenVerdict.Unusable;
        Assert.Contains(Plan(missing).Steps, step => step is RenewToken);

        var unreadable = Attached();
        unreadable.Files[SidecarFiles.Token] = unreadable.Files[SidecarFiles.Token] with { Owner = "root" };
        Assert.Contains(Plan(unreadable).Steps, step => step is ProtectSidecarFile { Path: SidecarFiles.Token });
    }

    [Fact]
    public void RefusedTokenIsReplacedAtOnceAndWithoutARestart()
    {
        var host = Attached();
        Refuse(host, Now.AddSeconds(-1));

        Assert.Equal("fetch a new istio-token (Use, but the control plane refuses it)", Plan(host).ToString());

        // A refusal of the old token does not count for the new one.
        host.Apply(Plan(host));
        Refuse(host, host.Files[SidecarFiles.Token].Modified.AddSeconds(4));
        Assert.True(Plan(host).IsEmpty);
    }

    [Theory]
    [InlineData(1, 9, false)]
    [InlineData(1, 10, true)]
    [InlineData(2, 29, false)]
    [InlineData(2, 30, true)]
    [InlineData(3, 59, false)]
    [InlineData(3, 60, true)]
    [InlineData(9, 59, false)]
    [InlineData(9, 60, true)]
    public void RefusedTokenIsReplacedWithBackoff(int replaced, int minutesAgo, bool isDue)
    {
        var host = Attached();
        Refuse(host, Now);
        var report = ReconcileReport.None with { RefusedToken = new(replaced, Now.AddMinutes(-minutesAgo)) };

        var assessment = Inputs.Assess(host.Observe(), report, Now, TimeZoneInfo.Utc, 0);

        Assert.Equal(isDue, assessment.Plan.Steps.Any(step => step is RenewToken { IsRefused: true }));
        Assert.Equal(new(replaced, Now.AddMinutes(-minutesAgo)), assessment.RefusedToken);
    }

    [Fact]
    public void CountOfRefusedTokensStartsAgainAfterAnHourWithoutOneAndWhenTheClockWasSetBack()
    {
        var refused = new SidecarFailure(SidecarFailureKind.TokenRefused, "the line");
        var record = new RefusedToken(2, Now);
        Assert.Equal(record, record.Observe(null, Now.AddMinutes(59)));
        Assert.Equal(new(), record.Observe(null, Now.AddMinutes(60)));
        Assert.Equal(record, record.Observe(refused, Now.AddMinutes(60)));
        Assert.Equal(new(), record.Observe(refused, Now.AddSeconds(-1)));
        Assert.Equal(new(3, Now), record.AfterReplacement(Now));
    }

    [Fact]
    public void SidecarIsNotStartedWithoutATokenUnlessItHasACertificate()
    {
        var host = Attached();
        host.Apply(new([new StopSidecar("a test")]));
        host.Token = TokenVerdict.Expired;
        var plan = Plan(host);
        Assert.Equal("remove the sidecar's capture of traffic (no sidecar runs, and none is started before it has an istio-token)",
            plan.Steps[0].ToString());
        Assert.True(Assert.Single(plan.Steps.OfType<RenewToken>()).IsNeeded);

        Keep(host, Wanted, Now.AddHours(-2));
        Assert.False(Assert.Single(Plan(host).Steps.OfType<RenewToken>()).IsNeeded);
        host.Certificate = host.Certificate! with { NotAfter = Now };
        Assert.True(Assert.Single(Plan(host).Steps.OfType<RenewToken>()).IsNeeded);
        Keep(host, Wanted with { ServiceAccount = "other" }, Now.AddHours(-2));
        Assert.True(Assert.Single(Plan(host).Steps.OfType<RenewToken>()).IsNeeded);
    }
}
