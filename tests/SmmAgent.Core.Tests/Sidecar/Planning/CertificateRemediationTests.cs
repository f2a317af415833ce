using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using static SmmAgent.Core.Tests.Sidecar.Planning.RemediationSamples;

namespace SmmAgent.Core.Tests.Sidecar.Planning;

/// <summary>The agent replaces a certificate of another identity, and does so less often while it returns.</summary>
public sealed class CertificateRemediationTests
{
    [Fact]
    public void CertificateOfAnotherIdentityIsRemovedWithItsKeyAndTheSidecarRestartsUnderAnyPolicy()
    {
        foreach (var other in new[] { Wanted with { ServiceAccount = "other" }, Wanted with { Namespace = "ns2" } })
        {
            var host = Attached();
            Keep(host, other, Now.AddHours(-2));

            var plan = Plan(host);
            Assert.Equal(
                $"""
                remove /etc/certs/cert-chain.pem (its identity is {other}, but this VM has {Wanted})
                remove /etc/certs/key.pem (its identity is {other}, but this VM has {Wanted})
                restart istio.service (its certificate is of another identity, so a restart interrupts nothing)
                """,
                plan.ToString());

            host.Apply(plan);
            Assert.True(Plan(host).IsEmpty);
        }
    }

    [Fact]
    public void CertificateThatTheControlPlaneIssuedToThisRunIsNotRemovedRepeatedly()
    {
        var host = Attached();
        Keep(host, Wanted with { ServiceAccount = "other" }, Now.AddMinutes(-30));
        Assert.True(Plan(host).IsEmpty);

        // With another configuration than the present one, it is removed, unless the sidecar is ready.
        host = Attached(isReady: false);
        Keep(host, Wanted with { ServiceAccount = "other" }, Now.AddMinutes(-30));
        host.Files[SidecarFiles.MeshFile] = host.Files[SidecarFiles.MeshFile] with { Modified = Now.AddMinutes(-10) };
        Assert.Contains(Plan(host).Steps, step => step is RestartSidecar);
    }

    [Fact]
    public void CertificateThatTheControlPlaneGaveForTheEarlierAccountToASidecarThatItRefusesIsRemoved()
    {
        var host = Attached(isReady: false);
        Keep(host, Wanted with { ServiceAccount = "other" }, Now.AddMinutes(-30));
        Assert.True(Plan(host).IsEmpty);

        host.Failure = new(SidecarFailureKind.IdentityMismatch, "the line");

        Assert.Equal([typeof(RemoveSidecarFile), typeof(RemoveSidecarFile), typeof(RestartSidecar)],
            Plan(host).Steps.Select(step => step.GetType()));
    }

    [Fact]
    public void ReadySidecarWithTheIdentityOfItsOwnConfigurationIsRestartedOnlyAsThePolicySays()
    {
        var host = Moved();
        var assessment = Assess(host, ReconcileReport.None);
        Assert.True(assessment.Plan.IsEmpty);
        Assert.Equal("RestartNeeded", Current(assessment).Reason);

        // The control plane refuses the sidecar, so a restart does not interrupt anything.
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
            host.Files[SidecarFiles.ClusterEnvironment] =
                host.Files[SidecarFiles.ClusterEnvironment] with { Modified = Now.AddMinutes(-1) };
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
    public void ReturningCertificateOfAnotherIdentityRestartsTheSidecarWithBackoff(int replaced, int minutesAgo, bool isDue)
    {
        var host = Attached();
        Keep(host, Wanted with { ServiceAccount = "other" }, Now.AddHours(-2));
        var record = new ReplacedCertificate(replaced, Now.AddMinutes(-minutesAgo), $"{Wanted}");

        var assessment = Assess(host, ReconcileReport.None with { ReplacedCertificate = record });

        Assert.Equal(isDue, assessment.Plan.Steps.Any(step => step is RestartSidecar { ReplacesCertificate: true }));
        Assert.Equal(isDue, assessment.Plan.Steps.Any(step => step is RemoveSidecarFile));
        Assert.Equal(record, assessment.ReplacedCertificate);
        if (!isDue)
            Assert.Equal("OtherIdentity", Current(assessment).Reason);

        // A restart does not interrupt a sidecar that does not run.
        host.Apply(new([new StopSidecar("a test")]));
        Assert.Contains(Assess(host, ReconcileReport.None with { ReplacedCertificate = record }).Plan.Steps,
            step => step is RemoveSidecarFile);
    }

    [Fact]
    public void CountOfReplacedCertificatesStartsAgainAfterAnHourWithoutOneAndForAnotherIdentity()
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
        Assert.Equal([typeof(RemoveSidecarFile), typeof(RemoveSidecarFile), typeof(StartSidecar)],
            Plan(host).Steps.Where(step => step is not RemoveCapture).Select(step => step.GetType()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("https://example.com")]
    [InlineData("spiffe://cluster.local/ns/vm-integration/sa/default")]
    [InlineData("spiffe://cluster.local/ns/vm-integration")]
    public void CertificateWithoutAnotherIdentityStays(string? identity)
    {
        var host = Attached();
        Keep(host, null, Now.AddHours(-2));
        host.Certificate = host.Certificate! with { Identity = identity };
        Assert.True(Plan(host).IsEmpty);
    }
}
