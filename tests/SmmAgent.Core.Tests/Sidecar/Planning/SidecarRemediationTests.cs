using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Tests.Sidecar.Planning;

/// <summary>What the agent says that it does by itself, it does; and no advice names a command that changes nothing.</summary>
public sealed class SidecarRemediationTests
{
    private static readonly DateTimeOffset Now = SimulatedHost.Now;
    private static readonly SpiffeId Wanted = new("cluster.local", "vm-integration", "default");
    private static readonly SidecarInputs Inputs = new(
        new() { DashboardUrl = new("https://smm.example.com") },
        SidecarSamples.Config with { Packages = [SidecarSamples.Package("1.15.3")] },
        SidecarSamples.Host,
        "vm-1",
        new(PackageFormat.Deb, "amd64", SourceIsTrusted: true, new PackageTrust([], AllowsUnsignedSidecar: true, [])));

    [Fact]
    public void OnlyWhatTheAgentDoesNotDoByItselfNamesACommand()
    {
        foreach (var kind in Enum.GetValues<SidecarFailureKind>())
            Assert.DoesNotContain("smm-agent reconcile", new SidecarFailure(kind, "the line").Remediation, StringComparison.Ordinal);
    }

    [Fact]
    public void AnAttachedHostHasNothingToDo() => Assert.Equal("", Plan(Attached()).ToString());

    [Theory]
    [InlineData(TokenVerdict.Expired)]
    [InlineData(TokenVerdict.Unusable)]
    public void ATokenThatIsNoneIsFetchedByTheCommandThatTheAdviceNames(TokenVerdict verdict)
    {
        var host = Attached();
        host.Token = verdict;
        Assert.Equal($"fetch a new istio-token ({verdict})", Plan(host).ToString());
    }

    [Fact]
    public void ATokenThatTheSidecarCannotReadIsWrittenAgain()
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
    public void ARefusedTokenIsReplacedAtOnceAndWithoutARestart()
    {
        var host = Attached();
        Refuse(host, Now.AddSeconds(-1));

        Assert.Equal("fetch a new istio-token (Use, but the control plane refuses it)", Plan(host).ToString());

        // What the control plane said of the old one does not count for the new one.
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
    public void ATokenThatIsRefusedAgainIsReplacedEverMoreRarely(int replaced, int minutesAgo, bool isDue)
    {
        var host = Attached();
        Refuse(host, Now);
        var report = ReconcileReport.None with { RefusedToken = new(replaced, Now.AddMinutes(-minutesAgo)) };

        var look = Inputs.Assess(host.Observe(), report, Now, TimeZoneInfo.Utc, 0);

        Assert.Equal(isDue, look.Plan.Steps.Any(step => step is RenewToken { IsRefused: true }));
        Assert.Equal(new(replaced, Now.AddMinutes(-minutesAgo)), look.RefusedToken);
    }

    [Fact]
    public void TheCountOfRefusedTokensStartsAgainAfterAnHourWithoutOneAndWhenTheClockWasSetBack()
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
    public void ACertificateOfAnotherIdentityGoesWithItsKeyAndTheSidecarIsRestartedWhateverThePolicy()
    {
        foreach (var other in new[] { Wanted with { ServiceAccount = "other" }, Wanted with { Namespace = "ns2" } })
        {
            var host = Attached();
            Keep(host, other, Now.AddHours(-2));

            var plan = Plan(host);
            Assert.Equal(
                $"""
                remove /etc/certs/cert-chain.pem (it is {other}'s, and this VM is {Wanted})
                remove /etc/certs/key.pem (it is {other}'s, and this VM is {Wanted})
                restart istio.service (its certificate is another identity's, so it is in no mesh that a restart could interrupt)
                """,
                plan.ToString());

            host.Apply(plan);
            Assert.True(Plan(host).IsEmpty);
        }
    }

    [Fact]
    public void WhatTheControlPlaneItselfGaveToThisRunIsNotRemovedAgainAndAgain()
    {
        var host = Attached();
        Keep(host, Wanted with { ServiceAccount = "other" }, Now.AddMinutes(-30));
        Assert.True(Plan(host).IsEmpty);

        // With another configuration than it runs with, it is, unless it is ready.
        host = Attached(isReady: false);
        Keep(host, Wanted with { ServiceAccount = "other" }, Now.AddMinutes(-30));
        host.Files[SidecarFiles.MeshFile] = host.Files[SidecarFiles.MeshFile] with { Modified = Now.AddMinutes(-10) };
        Assert.Contains(Plan(host).Steps, step => step is RestartSidecar);
    }

    [Fact]
    public void ACertificateThatTheControlPlaneGaveForTheEarlierAccountToASidecarThatItRefusesIsRemoved()
    {
        var host = Attached(isReady: false);
        Keep(host, Wanted with { ServiceAccount = "other" }, Now.AddMinutes(-30));
        Assert.True(Plan(host).IsEmpty);

        host.Failure = new(SidecarFailureKind.IdentityMismatch, "the line");

        Assert.Equal([typeof(RemoveSidecarFile), typeof(RemoveSidecarFile), typeof(RestartSidecar)], Plan(host).Steps.Select(step => step.GetType()));
    }

    [Fact]
    public void AReadySidecarWithTheIdentityOfItsOwnConfigurationIsRestartedOnlyAsThePolicySays()
    {
        var host = Moved();
        var look = Look(host, ReconcileReport.None);
        Assert.True(look.Plan.IsEmpty);
        Assert.Equal("RestartNeeded", Current(look).Reason);

        // The control plane refuses it: no mesh is left that a restart could interrupt.
        host.Failure = new(SidecarFailureKind.IdentityMismatch, "the line");
        Assert.IsType<RestartSidecar>(Plan(host).Steps[^1]);
        Assert.IsType<RestartSidecar>(Plan(Moved(isReady: false)).Steps[^1]);

        var automatic = Inputs with { Settings = Inputs.Settings with { Sidecar = new() { RestartPolicy = RestartPolicy.Automatic } } };
        Assert.Equal(
            [typeof(RemoveSidecarFile), typeof(RemoveSidecarFile), typeof(RestartSidecar)],
            automatic.Assess(Moved().Observe(), ReconcileReport.None, Now, TimeZoneInfo.Utc, 0).Plan.Steps.Select(step => step.GetType()));

        static SimulatedHost Moved(bool isReady = true)
        {
            var host = Attached(isReady);
            host.Files[SidecarFiles.ClusterEnvironment] = host.Files[SidecarFiles.ClusterEnvironment] with { Modified = Now.AddMinutes(-1) };
            Keep(host, Wanted with { ServiceAccount = "other" }, Now.AddHours(-2));
            return host;
        }
    }

    [Theory]
    [InlineData(1, 9, false)]
    [InlineData(1, 10, true)]
    [InlineData(2, 29, false)]
    [InlineData(2, 30, true)]
    [InlineData(3, 59, false)]
    [InlineData(3, 60, true)]
    [InlineData(9, 60, true)]
    public void ACertificateOfAnotherIdentityThatComesBackRestartsTheSidecarEverMoreRarely(int replaced, int minutesAgo, bool isDue)
    {
        var host = Attached();
        Keep(host, Wanted with { ServiceAccount = "other" }, Now.AddHours(-2));
        var record = new ReplacedCertificate(replaced, Now.AddMinutes(-minutesAgo), $"{Wanted}");

        var look = Look(host, ReconcileReport.None with { ReplacedCertificate = record });

        Assert.Equal(isDue, look.Plan.Steps.Any(step => step is RestartSidecar { ReplacesCertificate: true }));
        Assert.Equal(isDue, look.Plan.Steps.Any(step => step is RemoveSidecarFile));
        Assert.Equal(record, look.ReplacedCertificate);
        if (!isDue)
            Assert.Equal("OtherIdentity", Current(look).Reason);

        // One that does not run is interrupted by nothing.
        host.Apply(new([new StopSidecar("a test")]));
        Assert.Contains(Look(host, ReconcileReport.None with { ReplacedCertificate = record }).Plan.Steps, step => step is RemoveSidecarFile);
    }

    [Fact]
    public void TheCountOfReplacedCertificatesStartsAgainAfterAnHourWithoutOneAndForAnotherIdentity()
    {
        var foreign = new FoundCertificate($"{Wanted with { ServiceAccount = "other" }}", Now, Now, Now);
        var record = new ReplacedCertificate().AfterReplacement(Wanted, Now).AfterReplacement(Wanted, Now);
        Assert.Equal(new(2, Now, $"{Wanted}"), record);
        Assert.Equal(record, record.Observe(Wanted, null, Now.AddMinutes(59)));
        Assert.Equal(new(), record.Observe(Wanted, null, Now.AddMinutes(60)));
        Assert.Equal(record, record.Observe(Wanted, foreign, Now.AddMinutes(60)));
        Assert.Equal(new(), record.Observe(Wanted, foreign, Now.AddSeconds(-1)));
        Assert.Equal(new(), record.Observe(Wanted with { Namespace = "ns2" }, foreign, Now));
    }

    [Fact]
    public void AnotherTrustDomainDoesNotInterruptASidecarThatIsReady()
    {
        var other = Wanted with { TrustDomain = "td.example" };
        var host = Attached();
        Keep(host, other, Now.AddHours(-2));
        Assert.True(Plan(host).IsEmpty);

        host = Attached(isReady: false);
        Keep(host, other, Now.AddHours(-2));
        Assert.IsType<RestartSidecar>(Plan(host).Steps[^1]);

        host = Attached();
        host.Apply(new([new StopSidecar("a test")]));
        Keep(host, other, Now.AddHours(-2));
        Assert.Equal([typeof(RemoveSidecarFile), typeof(RemoveSidecarFile), typeof(StartSidecar)], Plan(host).Steps.Where(step => step is not RemoveCapture).Select(step => step.GetType()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("https://example.com")]
    [InlineData("spiffe://cluster.local/ns/vm-integration/sa/default")]
    [InlineData("spiffe://cluster.local/ns/vm-integration")]
    public void OneThatIsNoOtherIdentitysStays(string? identity)
    {
        var host = Attached();
        Keep(host, null, Now.AddHours(-2));
        host.Certificate = host.Certificate! with { Identity = identity };
        Assert.True(Plan(host).IsEmpty);
    }

    [Fact]
    public void ASidecarIsNotStartedWithoutATokenUnlessItHasACertificate()
    {
        var host = Attached();
        host.Apply(new([new StopSidecar("a test")]));
        host.Token = TokenVerdict.Expired;
        var plan = Plan(host);
        Assert.Equal("remove the sidecar's capture of traffic (no sidecar runs, and none is started before it has an istio-token)", plan.Steps[0].ToString());
        Assert.True(Assert.Single(plan.Steps.OfType<RenewToken>()).IsNeeded);

        Keep(host, Wanted, Now.AddHours(-2));
        Assert.False(Assert.Single(Plan(host).Steps.OfType<RenewToken>()).IsNeeded);
        host.Certificate = host.Certificate! with { NotAfter = Now };
        Assert.True(Assert.Single(Plan(host).Steps.OfType<RenewToken>()).IsNeeded);
        Keep(host, Wanted with { ServiceAccount = "other" }, Now.AddHours(-2));
        Assert.True(Assert.Single(Plan(host).Steps.OfType<RenewToken>()).IsNeeded);
    }

    [Fact]
    public void NoKeyOfTheMeshStaysOnAMachineThatLeavesIt()
    {
        var host = new SimulatedHost("1.15.3", new(UnitActivity.Stopped, false, false, null));
        var before = host.Before();
        host.Apply(Plan(host));
        Keep(host, Wanted, Now);

        host.Apply(SidecarRestore.Plan(before, host.Observe(), keepPackages: true, "detach"));

        Assert.False(host.Files.ContainsKey(SidecarFiles.Certificate));
        Assert.False(host.Files.ContainsKey(SidecarFiles.Key));
    }

    [Fact]
    public void AnOperatorsKeyThatIsStillTheSameStaysAndOneThatTheSidecarWroteSinceGoes()
    {
        var host = Attached();
        Keep(host, Wanted, Now.AddDays(-1));
        var before = SidecarSnapshot.Read(host.Before().Write())!;
        Assert.DoesNotContain(SidecarRestore.Plan(before, host.Observe(), keepPackages: true, "detach").Steps, step => step is RemoveSidecarFile);

        Keep(host, Wanted, Now);
        Assert.Equal(
            [SidecarFiles.Certificate, SidecarFiles.Key],
            SidecarRestore.Plan(before, host.Observe(), keepPackages: true, "detach").Steps.OfType<RemoveSidecarFile>().Select(step => step.Path));
    }

    [Fact]
    public void OfARecordThatDoesNotTellOfTheKeyOnlyWhatWasWrittenSinceGoes()
    {
        var host = Attached();
        Keep(host, Wanted, Now.AddDays(-1));
        var before = host.Before() with { Credentials = null };

        Assert.Equal([], Removed(before));
        Assert.Equal([], Removed(before with { WrittenAt = Now.AddHours(-2) }));
        Assert.Equal([SidecarFiles.Certificate, SidecarFiles.Key], Removed(before with { WrittenAt = Now.AddDays(-2) }));

        IEnumerable<string> Removed(SidecarSnapshot record) =>
            SidecarRestore.Plan(record, host.Observe(), keepPackages: true, "detach").Steps.OfType<RemoveSidecarFile>().Select(step => step.Path);
    }

    [Fact]
    public void AnOperatorsKeyWithoutACertificateStays()
    {
        var host = Attached();
        host.Files[SidecarFiles.Key] = new(null, "root", SidecarFiles.Private, Now.AddDays(-9));

        Assert.DoesNotContain(SidecarRestore.Plan(host.Before(), host.Observe(), keepPackages: true, "detach").Steps, step => step is RemoveSidecarFile);
    }

    private static Plan Plan(SimulatedHost host) => Look(host, ReconcileReport.None).Plan;

    private static SidecarAssessment Look(SimulatedHost host, ReconcileReport report) => Inputs.Assess(host.Observe() with { At = Now }, report, Now, TimeZoneInfo.Utc, 0);

    private static ConditionUpdate Current(SidecarAssessment look) => SidecarConditions.Evaluate(look).Single(finding => finding.Type == ConditionType.SidecarCurrent);

    private static SimulatedHost Attached(bool isReady = true)
    {
        var host = new SimulatedHost("1.15.3", new(UnitActivity.Running, true, isReady, Now.AddHours(-1))) { Token = TokenVerdict.Use };
        host.Files[SidecarFiles.Token] = new("", SidecarFiles.SidecarUser, SidecarFiles.Private, Now.AddMinutes(-20));
        var files = Inputs.Assess(host.Observe(), ReconcileReport.None, Now, TimeZoneInfo.Utc, 0).Desired.Configuration!;
        foreach (var file in files.Files)
            host.Files[file.Path] = new(file.Content, file.Owner, file.Mode, Now.AddHours(-2));
        host.Protect();
        host.Apply(new([new SetHosts(files.Hosts)]));
        return host;
    }

    private static void Refuse(SimulatedHost host, DateTimeOffset time) =>
        host.Failure = new(SidecarFailureKind.TokenRefused, "the line") { Time = time, Since = time };

    private static void Keep(SimulatedHost host, SpiffeId? identity, DateTimeOffset modified)
    {
        host.Certificate = new(identity?.ToString(), Now.AddDays(-2), Now.AddDays(1), modified);
        foreach (var path in (string[])[SidecarFiles.Certificate, SidecarFiles.Key])
            host.Files[path] = new(null, SidecarFiles.SidecarUser, SidecarFiles.Private, modified);
    }
}
