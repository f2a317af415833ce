using System.Net;
using MeshStandIn;
using SmmAgent.Contract;
using SmmAgent.Core.Reachability;

namespace SmmAgent.Linux.Tests.Network.Probes;

public sealed class GatewayProbeTests : IDisposable
{
    private static readonly TimeSpan Impatient = TimeSpan.FromMilliseconds(300);

    private readonly StandInAuthority _authority = StandInAuthority.Create();
    private readonly IPAddress _address = Loopback.Next();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task AHealthyGatewayIsOkOnAllSixPorts()
    {
        using var leaf = _authority.Issue([Probing.IstiodName]);
        await using var gateway = new StandInGateway(_address, leaf);

        var observation = await Probing.Observer().ObserveAsync(
            Probing.Plan(_authority, _address.ToString()), null, TestContext.Current.CancellationToken);

        Assert.Equal(6, observation.Gateways.Count);
        Assert.All(observation.Gateways, result => Assert.Equal((Outcome.Ok, null), (result.Current.Outcome, result.Current.Detail)));
        Assert.All(observation.Gateways, result => Assert.NotNull(result.Current.Latency));
        Assert.Equal(leaf.NotAfter.ToUniversalTime(),
            observation.Gateways.Single(result => result.Current.Certificate is not null).Current.Certificate!.NotAfter);
    }

    [Fact]
    public async Task AGatewayIsReachedOverIPv6()
    {
        using var leaf = _authority.Issue([Probing.IstiodName]);
        await using var gateway = new StandInGateway(IPAddress.IPv6Loopback, leaf);

        var observation = await Probing.Observer().ObserveAsync(
            Probing.Plan(_authority, "::1"), null, TestContext.Current.CancellationToken);

        Assert.All(observation.Gateways, result => Assert.Equal((Outcome.Ok, "::1"), (result.Current.Outcome, result.Current.Address)));
    }

    [Fact]
    public async Task AClosedPortIsRefused() => await ExpectAsync(
        await Probing.OneAsync(Probing.OnePort(_authority, _address, 15012, ProbeKind.Istiod)), Outcome.Refused, "refused the connection");

    [Fact]
    public async Task ADroppedSynIsATimeout()
    {
        using var hole = new BlackHole(new(_address, 15012));

        await ExpectAsync(
            await Probing.OneAsync(Probing.OnePort(_authority, _address, 15012, ProbeKind.Istiod), Impatient), Outcome.Timeout,
            "did not answer within 0.3 s");
    }

    [Theory]
    [InlineData(ProbeKind.Istiod, "accepted the connection but did not finish the TLS handshake within 0.3 s")]
    [InlineData(ProbeKind.Tls, "accepted the connection but did not answer a TLS handshake within 0.3 s")]
    [InlineData(ProbeKind.Health, "accepted the connection but did not answer GET /healthz/ready within 0.3 s")]
    public async Task APortThatAcceptsAndSaysNothingIsATimeout(ProbeKind kind, string detail) =>
        await ExpectOneAsync(Behaviours.Silence(), kind, Outcome.Timeout, detail, Impatient);

    [Theory]
    [InlineData(ProbeKind.Istiod)]
    [InlineData(ProbeKind.Tls)]
    public async Task GarbageInsteadOfTlsIsNotReady(ProbeKind kind) =>
        await ExpectOneAsync(Behaviours.Say("HTTP/1.1 400 Bad Request\r\n\r\n"), kind, Outcome.NotReady,
            "answered something that is not TLS");

    [Fact]
    public async Task AResetDuringIstiodsHandshakeIsNotReady() =>
        await ExpectOneAsync(Behaviours.Reset(), ProbeKind.Istiod, Outcome.NotReady, "hung up during the TLS handshake");

    [Fact]
    public async Task AResetOfAnUnknownSniIsWhatAHealthyPassthroughPortDoes() =>
        await ExpectOneAsync(Behaviours.Reset(), ProbeKind.Tls, Outcome.Ok, null);

    [Fact]
    public async Task AnAlertIsAnAnswerOfTls() =>
        // A fatal alert, handshake_failure, as a TLS 1.2 record.
        await ExpectOneAsync(Behaviours.Say("\u0015\u0003\u0003\0\u0002\u0002\u0028"), ProbeKind.Tls, Outcome.Ok, null);

    [Fact]
    public async Task AnAlertInsteadOfIstiodsCertificateIsNotReady() => await ExpectOneAsync(
        Behaviours.Say("\u0015\u0003\u0003\0\u0002\u0002\u0028"), ProbeKind.Istiod, Outcome.NotReady,
        "broke off the TLS handshake with an alert");

    [Fact]
    public async Task PortThatRequestsAClientCertificateSpeaksTls()
    {
        using var leaf = _authority.Issue(["some-service"]);

        await ExpectOneAsync(Behaviours.Tls(leaf, clientCertificateRequired: true), ProbeKind.Tls, Outcome.Ok, null);
    }

    [Fact]
    public async Task ExpiredCertificateIsDistinguishedFromAWrongOne()
    {
        using var leaf = _authority.IssueExpired([Probing.IstiodName]);

        var result = await ExpectOneAsync(
            Behaviours.Tls(leaf), ProbeKind.Istiod, Outcome.ExpiredCertificate, $"for '{Probing.IstiodName}'");
        Assert.Contains($"expired on {TimeText.Format(leaf.NotAfter.ToUniversalTime())}", result.Detail, StringComparison.Ordinal);
        Assert.Contains("issued by 'CN=mesh-stand-in root, O=cluster.local'", result.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task JustExpiredCertificateIsExpiredInEveryTimeZone()
    {
        using var leaf = _authority.Issue([Probing.IstiodName], DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddMinutes(-1));

        await ExpectOneAsync(Behaviours.Tls(leaf), ProbeKind.Istiod, Outcome.ExpiredCertificate, "expired on");
    }

    [Fact]
    public async Task CancellationEndsAnObservationImmediately()
    {
        using var hole = new BlackHole(new(_address, 0));
        using var stop = new CancellationTokenSource();
        var observation = Probing.Observer()
            .ObserveAsync(Probing.OnePort(_authority, _address, hole.Endpoint.Port, ProbeKind.Tcp), null, stop.Token);

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => observation);
    }

    [Fact]
    public async Task FutureCertificateIsNotValidYet()
    {
        using var leaf = _authority.Issue([Probing.IstiodName], DateTimeOffset.UtcNow.AddHours(1));

        await ExpectOneAsync(Behaviours.Tls(leaf), ProbeKind.Istiod, Outcome.ExpiredCertificate, "is not valid before");
    }

    [Fact]
    public async Task CertificateOfAnotherRootIsWrong()
    {
        using var other = StandInAuthority.Create();
        using var leaf = other.Issue([Probing.IstiodName]);

        await ExpectOneAsync(Behaviours.Tls(leaf), ProbeKind.Istiod, Outcome.WrongCertificate,
            "which the mesh's root certificate does not vouch for");
    }

    [Fact]
    public async Task ExpiredCertificateOfAnotherRootIsWrong()
    {
        using var other = StandInAuthority.Create();
        using var leaf = other.IssueExpired([Probing.IstiodName]);

        await ExpectOneAsync(Behaviours.Tls(leaf), ProbeKind.Istiod, Outcome.WrongCertificate, "does not vouch for");
    }

    [Fact]
    public async Task CertificateForAnotherNameIsWrong()
    {
        using var leaf = _authority.Issue(["istiod-other.istio-system.svc"]);

        await ExpectOneAsync(
            Behaviours.Tls(leaf), ProbeKind.Istiod, Outcome.WrongCertificate,
            $"for 'istiod-other.istio-system.svc' (issued by 'CN=mesh-stand-in root, O=cluster.local'), not for '{Probing.IstiodName}'");
    }

    [Fact]
    public async Task UnreadyGatewayIsReported() =>
        await ExpectOneAsync(Behaviours.Health(() => false), ProbeKind.Health, Outcome.NotReady,
            "answered GET /healthz/ready with 503 instead of 200");

    [Fact]
    public async Task AStatusPortThatIsNotHttpIsNotReady() => await ExpectOneAsync(
        Behaviours.Say("SSH-2.0-OpenSSH_9.2 and more\r\n"), ProbeKind.Health, Outcome.NotReady, "with something that is not HTTP");

    [Fact]
    public async Task StatusPortThatClosesTheConnectionIsNotReady() =>
        await ExpectOneAsync(Behaviours.Reset(), ProbeKind.Health, Outcome.NotReady, "hung up");

    [Fact]
    public async Task NameThatDoesNotExistIsReportedForEachPort()
    {
        var plan = Probing.Plan(_authority, "no-such-host.invalid");
        var observer = Probing.Observer(resolve: (_, _) => Task.FromException<IPAddress[]>(
            new System.Net.Sockets.SocketException((int)System.Net.Sockets.SocketError.HostNotFound)));

        var observation = await observer.ObserveAsync(plan, null, TestContext.Current.CancellationToken);

        Assert.Equal(6, observation.Gateways.Count);
        Assert.All(observation.Gateways, result => Assert.Equal(
            (Outcome.NoSuchName, "no-such-host.invalid", "does not resolve: no such name"),
            (result.Current.Outcome, result.Current.Address, result.Current.Detail)));
    }

    [Fact]
    public async Task FamilyWithoutARouteIsUnreachable()
    {
        OwnNetwork.SkipUnlessAvailable();
        foreach (var address in new[] { "198.18.0.1", "2606:4700::1" })
        {
            var result = await InOwnNetworkAsync(() => Probing.OneAsync(
                Probing.OnePort(_authority, IPAddress.Parse(address), 15012, ProbeKind.Istiod)));

            Assert.Equal((Outcome.Unreachable, true), (result.Outcome, result.NoRoute));
        }
    }

    [Fact]
    public async Task ProhibitingRouterIsUnreachableButNotAMissingRoute()
    {
        OwnNetwork.SkipUnlessAvailable();
        var result = await InOwnNetworkAsync(() =>
        {
            OwnNetwork.Ip("link set lo up");
            OwnNetwork.Ip("route add unreachable 198.18.0.1/32");
            return Probing.OneAsync(Probing.OnePort(_authority, IPAddress.Parse("198.18.0.1"), 15012, ProbeKind.Istiod));
        });

        Assert.Equal((Outcome.Unreachable, false), (result.Outcome, result.NoRoute));
    }

    private static async Task<ProbeResult> InOwnNetworkAsync(Func<Task<ProbeResult>> observation)
    {
        ProbeResult? result = null;
        await OwnNetwork.RunAsync(async () => result = await observation());
        return result!;
    }

    private async Task<ProbeResult> ExpectOneAsync(
        ServeConnection serve, ProbeKind kind, Outcome outcome, string? detail, TimeSpan? timeout = null)
    {
        await using var listener = new StandInListener(new(_address, 0), serve);
        var result = await Probing.OneAsync(Probing.OnePort(_authority, _address, listener.Port, kind), timeout);
        await ExpectAsync(result, outcome, detail);
        Assert.Equal(1, listener.Connections);
        return result;
    }

    private static Task ExpectAsync(ProbeResult result, Outcome outcome, string? detail)
    {
        Assert.Equal(outcome, result.Outcome);
        if (detail is null)
            Assert.Null(result.Detail);
        else
            Assert.Contains(detail, result.Detail, StringComparison.Ordinal);
        return Task.CompletedTask;
    }
}
