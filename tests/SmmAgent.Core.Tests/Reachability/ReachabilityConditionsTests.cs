using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Firewall.Evaluation;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Reachability;

namespace SmmAgent.Core.Tests.Reachability;

public sealed class ReachabilityConditionsTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void AddressesThatAllAnswerAreReachable() =>
    Expect(ConditionStatus.True, "Reachable", "all 2 gateway addresses", Run("198.18.0.1", "198.18.0.2"));

    [Fact]
    public void GatewayWithOneOfTwoAddressesDownIsDegraded()
    {
        var results = Run("198.18.0.1", "198.18.0.2",
            (result => result.Address == "198.18.0.1", Outcome.Refused, "refused the connection"));

        var finding = Expect(
            ConditionStatus.True, "Degraded", "gateway 198.18.0.1:15012 refused the connection (5 more of its ports fail too)", results);
        Assert.DoesNotContain("198.18.0.2", finding.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Outcome.Refused, "Refused")]
    [InlineData(Outcome.Timeout, "TimedOut")]
    [InlineData(Outcome.NoSuchName, "NoSuchName")]
    [InlineData(Outcome.WrongCertificate, "WrongCertificate")]
    [InlineData(Outcome.ExpiredCertificate, "ExpiredCertificate")]
    [InlineData(Outcome.Unreachable, "Unreachable")]
    [InlineData(Outcome.NotReady, "NotReady")]
    public void EssentialPortDownEverywhereIsUnreachableWithItsReason(Outcome outcome, string reason) =>
        Expect(ConditionStatus.False, reason, "gateway 198.18.0.1:15012 did it", Run(
            "198.18.0.1", "198.18.0.2", (result => result.Target.Port == 15012, outcome, "did it")));

    [Fact]
    public void CapturedAddressIsNeitherReachableNorDown()
    {
        var results = Run("198.18.0.1", "198.18.0.2", (result => result.Target.Port == 15443, Outcome.Captured, "was captured"));

        var finding = ReachabilityConditions.Gateways(
            ReachabilityPlan.From(MeshConfigs.Of("vm-network-1", "198.18.0.1")), results, 0, Now, [], "sudo systemctl restart istio");

        Assert.Equal((ConditionStatus.Unknown, "CapturedBySidecar"), (finding.Status, finding.Reason));
        Assert.Equal(
            "it is not known whether gateway 198.18.0.1:15443 answers, because the sidecar captures the agent's own connections; sudo "
                + "systemctl restart istio",
            finding.Message);
    }

    [Theory]
    [InlineData(15021)]
    [InlineData(15017)]
    [InlineData(50600)]
    [InlineData(59411)]
    public void OtherPortDownEverywhereIsDegraded(int port) =>
        Expect(ConditionStatus.True, "Degraded", $":{port} did it", Run(
            "198.18.0.1", "198.18.0.2", (result => result.Target.Port == port, Outcome.Timeout, "did it")));

    [Fact]
    public void MostSpecificOutcomeIsTheReason() =>
        Expect(ConditionStatus.False, "WrongCertificate", "gateway 198.18.0.2:15012 showed", Run(
            "198.18.0.1",
            "198.18.0.2",
            (result => result is { Address: "198.18.0.1", Target.Port: 15012 }, Outcome.Timeout, "did not answer"),
            (result => result is { Address: "198.18.0.2", Target.Port: 15012 }, Outcome.WrongCertificate, "showed the wrong one")));

    [Fact]
    public void FamilyWithoutARouteDoesNotCountIfTheOtherWorks()
    {
        var results = Run("198.18.0.1", "2606:4700::1", (result => result.Address == "2606:4700::1", Outcome.Unreachable, "no route"))
            .Select(result => result with { NoRoute = result.Outcome == Outcome.Unreachable }).ToList();

        Expect(ConditionStatus.True, "Reachable", "gateway 198.18.0.1 answers on every port", results);
    }

    [Fact]
    public void FamilyWithoutARouteCountsIfItIsTheOnlyOne()
    {
        var results = Run("2606:4700::1", "2606:4700::2", (_ => true, Outcome.Unreachable, "is unreachable"))
            .Select(result => result with { NoRoute = true }).ToList();

        Expect(ConditionStatus.False, "Unreachable", "gateway [2606:4700::1]:15012 is unreachable", results);
    }

    [Fact]
    public void AddressOfANameIsShownWithTheName()
    {
        var target = new ProbeTarget("gw", "gw.example.com", 15012, ProbeKind.Istiod, true);

        Expect(ConditionStatus.False, "Refused", "gateway 198.18.0.1:15012 (gw.example.com) refused",
            [new ProbeResult(target, "198.18.0.1", Outcome.Refused, "refused the connection")]);
    }

    [Fact]
    public void ManyFailuresMakeOneShortLine()
    {
        var results = Enumerable.Range(1, 50)
            .SelectMany(i => Run($"198.18.0.{i}", $"198.18.1.{i}", (_ => true, Outcome.Refused, "refused"))).ToList();

        var finding = Expect(ConditionStatus.False, "Refused", "and 97 more addresses", results);
        Assert.InRange(finding.Message.Length, 1, 400);
    }

    [Theory]
    [InlineData(90, 6, true)]
    [InlineData(90, 8, false)]
    [InlineData(3, 2, false)]
    [InlineData(3, 0.9, true)]
    public void CertificateThatExpiresSoonIsMentioned(double lifeDays, double leftDays, bool mentioned)
    {
        var end = Now.AddDays(leftDays);
        var results = Run("198.18.0.1", "198.18.0.2").Select(result =>
            result with { Certificate = new("CN=istiod", end.AddDays(-lifeDays), end) }).ToList();

        var finding = Expect(ConditionStatus.True, "Reachable", "", results);
        Assert.Equal(
            mentioned, finding.Message.Contains("'CN=istiod' of gateway 198.18.0.1:15021 expires on 2026-06", StringComparison.Ordinal));
    }

    [Fact]
    public void MeshWithoutAGatewayIsReportedWithAdvice()
    {
        var finding = ReachabilityConditions.Gateways(ReachabilityPlan.From(MeshConfigs.Of("vm-network-1")), [], 0, Now, []);

        Assert.Equal((ConditionStatus.False, "NoGateway"), (finding.Status, finding.Reason));
        Assert.Contains("mesh expansion", finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SameNetworkWithoutADirectEndpointIsUnknown()
    {
        var finding = ReachabilityConditions.Gateways(ReachabilityPlan.From(MeshConfigs.Of("network1")), [], 0, Now, []);

        Assert.Equal((ConditionStatus.Unknown, "NoDirectEndpoint"), (finding.Status, finding.Reason));
    }

    [Fact]
    public void PortsThatWereNotProbedAreMentioned()
    {
        var plan = ReachabilityPlan.From(MeshConfigs.Of("vm-network-1", "198.18.0.1"));

        Assert.Contains("24 more ports", ReachabilityConditions.Gateways(plan, Run("198.18.0.1", "198.18.0.2"), 24, Now, []).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(OwnTraffic.RepliesDropped, Outcome.Timeout, "RepliesDropped")]
    [InlineData(OwnTraffic.RepliesDropped, Outcome.Refused, "Refused")] // a refusal is a reply
    [InlineData(OwnTraffic.OutputDropped, Outcome.Timeout, "OutputDropped")]
    [InlineData(OwnTraffic.OutputDropped, Outcome.Refused, "OutputDropped")]
    [InlineData(OwnTraffic.OutputDropped, Outcome.WrongCertificate, "WrongCertificate")]
    public void LocalFirewallIsTheReasonIfItExplainsTheFailure(string own, Outcome outcome, string reason)
    {
        var plan = ReachabilityPlan.From(MeshConfigs.Of("vm-network-1", "198.18.0.1"));
        var results = Run("198.18.0.1", "198.18.0.2", (result => result.Target.Port == 15012, outcome, "did not answer within 3 s"));
        OwnTrafficBlocker obstacle = new(
            own, IpFamily.IPv4, new(Transport.Tcp, null, 15012), "INPUT drops replies to the VM's own connections", "sudo iptables -I ...");

        var finding = ReachabilityConditions.Gateways(plan, results, 0, Now, [obstacle]);

        Assert.Equal((ConditionStatus.False, reason), (finding.Status, finding.Reason));
        Assert.Equal(reason == own,
            finding.Message.EndsWith("; INPUT drops replies to the VM's own connections; sudo iptables -I ...", StringComparison.Ordinal));
    }

    [Fact]
    public void LocalFirewallOfAnotherPortFamilyOrPeerExplainsNothing()
    {
        var plan = ReachabilityPlan.From(MeshConfigs.Of("vm-network-1", "198.18.0.1"));
        var results = Run("198.18.0.1", "198.18.0.2",
            (result => result.Target.Port == 15012, Outcome.Timeout, "did not answer within 3 s"));
        OwnTrafficBlocker Of(IpFamily family, string? peer, int port, Transport transport = Transport.Tcp) =>
            new(OwnTraffic.RepliesDropped, family, new(transport, peer is null ? null : System.Net.IPAddress.Parse(peer), port), "own",
                "cure");

        var finding = ReachabilityConditions.Gateways(
            plan,
            results,
            0,
            Now,
            [Of(IpFamily.IPv6, null, 15012), Of(IpFamily.IPv4, "198.18.0.9", 15012), Of(IpFamily.IPv4, null, 15443),
                Of(IpFamily.IPv4, null, 53, Transport.Udp)]);

        Assert.Equal("TimedOut", finding.Reason);
    }

    private static ConditionUpdate Expect(ConditionStatus status, string reason, string message, IReadOnlyList<ProbeResult> results)
    {
        var plan = ReachabilityPlan.From(MeshConfigs.Of("vm-network-1", "198.18.0.1"));
        var finding = ReachabilityConditions.Gateways(plan, results, 0, Now, []);
        Assert.Equal((status, reason), (finding.Status, finding.Reason));
        Assert.Contains(message, finding.Message, StringComparison.Ordinal);
        return finding;
    }

    private static List<ProbeResult> Run(
        string first, string second, params (Func<ProbeResult, bool> Where, Outcome Outcome, string Detail)[] faults)
    {
        var results = ReachabilityPlan.From(MeshConfigs.Of("vm-network-1", first, second)).Targets
            .Select(target => new ProbeResult(target, target.Host, Outcome.Ok, null));
        foreach (var (where, outcome, detail) in faults)
            results = results.Select(result => where(result) ? result with { Outcome = outcome, Detail = detail } : result).ToList();
        return [.. results];
    }
}
