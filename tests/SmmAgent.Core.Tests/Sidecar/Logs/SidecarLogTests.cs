using SmmAgent.Core.Sidecar.Logs;

namespace SmmAgent.Core.Tests.Sidecar.Logs;

public sealed class SidecarLogTests
{
    private const string Warm =
        "warn\tsds\tfailed to warm certificate: failed to generate workload certificate: create certificate: rpc error: code = ";
    private const string Handshake = "Unavailable desc = connection error: desc = \"transport: authentication handshake failed: ";

    internal static readonly DateTimeOffset Now = new(2024, 5, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(SidecarFailureKind.TokenRefused, Warm + "Unauthenticated desc = request authenticate failure")]
    [InlineData(SidecarFailureKind.TokenRefused,
        "warn\txdsproxy\tupstream [13] terminated with unexpected error rpc error: code = Unauthenticated desc = authentication failure")]
    [InlineData(SidecarFailureKind.TokenRefused,
        "warn\txdsproxy\tupstream terminated with unexpected error rpc error: code = Unknown desc = authentication failure\tid=7")]
    [InlineData(SidecarFailureKind.TokenRefused,
        "warning\tenvoy config\tStreamAggregatedResources gRPC config stream closed: 16, authentication failure")]
    [InlineData(SidecarFailureKind.TokenRefused,
        "warning\tenvoy config external/envoy/grpc_stream.h:191\tStreamAggregatedResources gRPC config stream to xds-grpc closed since 39s "
            + "ago: 16, \tthread=18")]
    [InlineData(SidecarFailureKind.TokenUnreadable,
        "warn\tfailed to fetch token from file: open ./var/run/secrets/tokens/istio-token: no such file or directory")]
    [InlineData(SidecarFailureKind.GroupNotFound,
        "warn\txdsproxy\tupstream terminated with unexpected error rpc error: code = FailedPrecondition desc = auto-registration "
            + "WorkloadEntry of vm-1.vms failed: cannot find WorkloadGroup vms/ledger")]
    [InlineData(SidecarFailureKind.IdentityMismatch,
        "warn\txdsproxy\tupstream [13] terminated with unexpected error rpc error: code = PermissionDenied desc = authorization failed: no "
            + "identities ([spiffe://cluster.local/ns/vm/sa/a]) matched vms/ledger")]
    [InlineData(SidecarFailureKind.IdentityMismatch,
        "warn\txdsproxy\tupstream terminated with unexpected error rpc error: code = Unknown desc = registration of WorkloadEntry service "
            + "account mismatch: \"a\" vs \"b\"")]
    [InlineData(SidecarFailureKind.NameInvalid,
        "warn\txdsproxy\tupstream terminated with unexpected error rpc error: code = Unknown desc = auto-registration WorkloadEntry of "
            + "vm-1.vms failed: error creating WorkloadEntry: WorkloadEntry.networking.istio.io \"-a\" is invalid: metadata.name: "
            + "Invalid value: \"-a\"")]
    [InlineData(SidecarFailureKind.Refused,
        "warn\txdsproxy\tupstream terminated with unexpected error rpc error: code = Unknown desc = auto-registration WorkloadEntry of "
            + "vm-1.vms failed: error creating WorkloadEntry: failed calling webhook: x509: certificate signed by unknown authority")]
    [InlineData(SidecarFailureKind.Refused,
        "error\tcache\tresource:default failed to sign: create certificate: rpc error: code = Unimplemented desc = unknown service "
            + "istio.v1.auth.IstioCertificateService")]
    [InlineData(SidecarFailureKind.Refused,
        "warn\txdsproxy\tupstream terminated with unexpected error rpc error: code = Unavailable desc = server warmup not "
            + "complete; try again")]
    [InlineData(SidecarFailureKind.NotTrusted,
        Warm + Handshake + "x509: certificate signed by unknown authority (possibly because of \\\"crypto/rsa: verification error\\\")\"")]
    [InlineData(SidecarFailureKind.NotTrusted,
        Warm + Handshake + "tls: failed to verify certificate: x509: certificate signed by unknown authority\"")]
    [InlineData(SidecarFailureKind.OtherName,
        Warm + Handshake + "x509: certificate is valid for istiod.istio-system.svc, not istiod-rev-1.istio-system.svc\"")]
    [InlineData(SidecarFailureKind.OtherName,
        Warm + Handshake + "x509: cannot validate certificate for 10.0.0.9 because it doesn't contain any IP SANs\"")]
    [InlineData(SidecarFailureKind.OtherName, Warm + Handshake + "tls: first record does not look like a TLS handshake\"")]
    [InlineData(SidecarFailureKind.CertificateTime,
        Warm + Handshake
        + "x509: certificate has expired or is not yet valid: current time 2024-05-01T10:00:00Z is before 2024-05-01T11:53:00Z\"")]
    [InlineData(SidecarFailureKind.OwnCertificateRefused,
        Warm + "Unavailable desc = connection error: desc = \"error reading server preface: remote error: tls: bad certificate\"")]
    [InlineData(SidecarFailureKind.NoSuchName,
        Warm
        + "Unavailable desc = connection error: desc = \"transport: Error while dialing: dial tcp: lookup istiod.istio-system.svc on "
        + "127.0.0.53:53: no such host\"")]
    [InlineData(SidecarFailureKind.NoSuchName,
        Warm
        + "Unavailable desc = connection error: desc = \"transport: Error while dialing dial tcp: lookup istiod.istio-system.svc on "
        + "10.96.0.10:53: read udp 10.2.0.9:1->10.96.0.10:53: i/o timeout\"")]
    [InlineData(SidecarFailureKind.Unreachable,
        Warm
        + "Unavailable desc = connection error: desc = \"transport: Error while dialing dial tcp 10.10.10.11:15012: connect: "
        + "connection refused\"")]
    [InlineData(SidecarFailureKind.Unreachable,
        "warning\tenvoy config\tStreamAggregatedResources gRPC config stream closed: 14, connection error: desc = \"transport: Error while "
            + "dialing: dial tcp 10.10.10.11:15012: i/o timeout\"")]
    [InlineData(SidecarFailureKind.Unreachable,
        "error\txdsproxy\tfailed to connect to upstream istiod.istio-system.svc:15012: context deadline exceeded")]
    [InlineData(SidecarFailureKind.PortTaken, "error\tError listening on status port: listen tcp :15020: bind: address already in use")]
    [InlineData(SidecarFailureKind.PortTaken,
        "critical\tenvoy main\terror initializing configuration 'etc/istio/proxy/envoy-rev0.json': cannot bind '127.0.0.1:15000': "
            + "Address already in use")]
    [InlineData(SidecarFailureKind.CaptureFailed,
        "error\tFailed to execute: iptables-restore --noflush /tmp/iptables-rules-1.txt, exit status 1")]
    [InlineData(SidecarFailureKind.ConfigurationInvalid,
        "error\tfailed to get proxy config: failed to unmarshal mesh config from file [defaultConfig: 7]: yaml")]
    [InlineData(SidecarFailureKind.ConfigurationInvalid,
        "fatal\tinvalid config - istiod.istio-system.svc:15012 missing a root certificate /etc/certs/root-cert.pem")]
    public void MessagesOfIstioAreRecognized(SidecarFailureKind kind, string line)
    {
        Assert.Equal(kind, Newest(At(-60, line))!.Kind);
        Assert.Equal(kind, Newest($"\e[33m{At(-60, line)}\e[0m\r\n")!.Kind);
        Assert.Equal(kind, Newest(At(-60, line).Replace("\t", "\\t", StringComparison.Ordinal))!.Kind);
        Assert.Equal(kind, Newest(new string('\0', 5000) + At(-60, line))!.Kind);
        var parts = line.Split('\t', 2);
        Assert.Equal(
            kind,
            Newest(System.Text.Json.JsonSerializer.Serialize(new { level = parts[0], time = Now.AddMinutes(-1), msg = parts[1] }))!.Kind);
    }

    [Theory]
    [InlineData(
        "error\tfailed scraping application metrics: error scraping http://localhost:8080/metrics: dial tcp 127.0.0.1:8080: connect: "
            + "connection refused")]
    [InlineData(
        "info\thealthcheck\tfailure threshold hit, marking as unhealthy: health rpc probe failed: rpc error: code = Unavailable desc = "
            + "connection refused")]
    [InlineData("error\twasm\tfailed to download Wasm module: x509: certificate signed by unknown authority")]
    [InlineData("warn\tdns\tupstream dns failure, qtype 1: read udp 127.0.0.1:1->10.0.0.2:53: i/o timeout")]
    [InlineData("warning\tenvoy config\tStreamAggregatedResources gRPC config stream closed: 14, no healthy upstream")]
    [InlineData("warning\tenvoy config\tStreamAggregatedResources gRPC config stream closed: 13, ")]
    [InlineData("warn\tca\tca request failed, starting attempt 1 in 91.589072ms")]
    [InlineData(
        "warn\tcitadelclient\tcannot load key pair, using token instead: open /etc/certs/cert-chain.pem: no such file or directory")]
    [InlineData(
        "warn\tEnvoy proxy is NOT ready: config not received from XDS server (is Istiod running?): cds updates: 0 successful, 0 rejected")]
    public void FailuresOfOtherConnectionsDoNotCount(string line) => Assert.Null(Newest(At(-60, line)));

    [Fact]
    public void AccessLogDoesNotCount()
    {
        Assert.Null(
            Newest(
                "[2024-05-01T11:59:00.123Z] \"POST /x HTTP/2\" 200 UF \"rpc error: transport: connection refused cannot "
                    + "find WorkloadGroup\""));
        Assert.Null(
            Newest("{\"start_time\":\"2024-05-01T11:59:00.123Z\",\"path\":\"/rpc error/connection refused/cannot find WorkloadGroup\"}"));
        Assert.Null(Newest("{\"path\":\"/cannot find WorkloadGroup"));
    }

    [Fact]
    public void NewestFailureCounts()
    {
        var log = At(-90, Warm + "Unauthenticated desc = request authenticate failure")
            + At(-60, "error\txdsproxy\tfailed to connect to upstream istiod:15012: connection refused");
        Assert.Equal(SidecarFailureKind.Unreachable, Newest(log)!.Kind);
    }

    [Fact]
    public void TwoLogsAreReadAsOne()
    {
        var refused = At(-60, "warning\tenvoy config\tStreamAggregatedResources gRPC config stream closed: 16, ");
        var ready = At(-30, "info\tEnvoy proxy is ready");
        Assert.Null(SidecarLog.NewestFailure(new(refused, null), new(ready, null), null, Now));
        Assert.NotNull(SidecarLog.NewestFailure(
            new(At(-10, "warning\tenvoy config\tStreamAggregatedResources gRPC config stream closed: 16, "), null), new(ready, null), null,
            Now));
    }

    [Theory]
    [InlineData("info\tEnvoy proxy is ready", true, true, true)]
    [InlineData("info\tcache\tgenerated new workload certificate\tlatency=170ms ttl=23h59m59s", true, true, false)]
    [InlineData("info\txdsproxy\tconnected to upstream XDS server: istiod.istio-system.svc:15012", true, true, true)]
    [InlineData("info\txdsproxy\tconnected to delta upstream XDS server: istiod.istio-system.svc:15012\tid=2", true, true, true)]
    public void SuccessClearsTheFailuresThatWouldHavePreventedIt(string success, bool connection, bool token, bool group)
    {
        Assert.Equal(connection,
            Newest(At(-60, "error\txdsproxy\tfailed to connect to upstream istiod:15012: connection refused") + At(-40, success)) is null);
        Assert.Equal(token, Newest(At(-60, Warm + "Unauthenticated desc = request authenticate failure") + At(-40, success)) is null);
        Assert.Equal(group, Newest(At(-60, "warn\txdsproxy\tcannot find WorkloadGroup vms/ledger") + At(-40, success)) is null);
    }

    [Fact]
    public void NewConnectionDoesNotClearARefusalAtOnce()
    {
        const string Connected = "info\txdsproxy\tconnected to upstream XDS server: istiod.istio-system.svc:15012";
        var refused = At(-60, Warm + "Unauthenticated desc = request authenticate failure");
        Assert.NotNull(Newest(refused + At(-9, Connected)));
        Assert.Null(Newest(refused + At(-10, Connected)));
    }

    [Fact]
    public void MostSpecificOfTwoLinesAboutOneFailureCounts()
    {
        var log = At(-60, "warn\tfailed to fetch token from file: open ./var/run/secrets/tokens/istio-token: permission denied")
            + At(-59, "info\txdsproxy\tconnected to upstream XDS server: istiod.istio-system.svc:15012")
            + At(
                -58,
                "warn\txdsproxy\tupstream terminated with unexpected error rpc error: "
                + "code = Unauthenticated desc = authentication failure");
        var failure = SidecarLog.NewestFailure(SidecarLogText.Empty, new(log, null), null, Now.AddSeconds(-55))!;
        Assert.Equal(SidecarFailureKind.TokenUnreadable, failure.Kind);
        Assert.Equal("warn failed to fetch token from file: open ./var/run/secrets/tokens/istio-token, permission denied", failure.Line);
    }

    [Fact]
    public void LinesFromBeforeTheStartDoNotCount()
    {
        var log = new SidecarLogText(At(-60, Warm + "Unauthenticated desc = request authenticate failure"), Now.AddSeconds(-60));
        Assert.NotNull(SidecarLog.NewestFailure(SidecarLogText.Empty, log, Now.AddSeconds(-61), Now));
        Assert.Null(SidecarLog.NewestFailure(SidecarLogText.Empty, log, Now.AddSeconds(-59), Now));
        Assert.NotNull(SidecarLog.NewestFailure(SidecarLogText.Empty, log, Now.AddHours(1), Now)); // the clock was set back
    }

    [Fact]
    public void LinesOlderThanTwoMinutesDoNotCountUnlessTheyAreLoggedOnlyOnce()
    {
        var start = Now.AddMinutes(-10);
        var refused = At(-121, Warm + "Unauthenticated desc = request authenticate failure");
        Assert.Null(SidecarLog.NewestFailure(SidecarLogText.Empty, new(refused + At(-1, "info\tx"), null), start, Now));
        var taken = At(-540, "error\tError listening on status port: listen tcp :15020: bind: address already in use");
        Assert.Equal("15020", SidecarLog.NewestFailure(SidecarLogText.Empty, new(taken, null), start, Now)!.Subject);

        // While no process runs, nothing is logged, so the last two minutes of the log count.
        Assert.NotNull(SidecarLog.NewestFailure(SidecarLogText.Empty, new(refused, null), null, Now));
        Assert.Null(SidecarLog.NewestFailure(SidecarLogText.Empty, new(refused + At(-0.5, "info\tx"), null), null, Now));
    }

    [Fact]
    public void LastingFailureHasTheTimesOfItsFirstAndItsNewestLine()
    {
        var line = Warm + "Unauthenticated desc = request authenticate failure";
        var failure = Newest(At(-60, line) + At(-40, line) + At(-20, line))!;
        Assert.Equal((Now.AddSeconds(-60), Now.AddSeconds(-20)), (failure.Since, failure.Time));

        failure = Newest(At(-60, line) + At(-50, "info\tEnvoy proxy is ready") + At(-40, line))!;
        Assert.Equal(Now.AddSeconds(-40), failure.Since);
    }

    [Fact]
    public void LastLineWithoutATimeHasTheTimeOfTheLastWrite()
    {
        const string Line =
            "Error: failed to get proxy config: failed to read mesh config file ./etc/istio/config/mesh: permission denied\n";
        var log = new SidecarLogText(At(-3600, "info\tEnvoy command") + Line, Now.AddSeconds(-5));
        Assert.Equal(SidecarFailureKind.ConfigurationInvalid,
            SidecarLog.NewestFailure(log, SidecarLogText.Empty, Now.AddSeconds(-10), Now)!.Kind);
        Assert.Null(SidecarLog.NewestFailure(log with { Written = Now.AddSeconds(-20) }, SidecarLogText.Empty, Now.AddSeconds(-10), Now));
        Assert.Null(SidecarLog.NewestFailure(
            new(Line + At(-3600, "info\tx"), Now.AddSeconds(-5)), SidecarLogText.Empty, Now.AddSeconds(-10), Now));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(-7)]
    [InlineData(5.75)]
    public void TimesOfEnvoyAreLocal(double hours)
    {
        var zone = hours * 3600;
        var envoys = new SidecarLogText(
            At(zone - 20, "warning\tenvoy config\tx")
            + At(zone - 10, "warning\tenvoy config\tStreamAggregatedResources gRPC config stream closed: 16, "), Now.AddSeconds(-10));
        Assert.NotNull(SidecarLog.NewestFailure(envoys, SidecarLogText.Empty, Now.AddSeconds(-15), Now));
        Assert.NotNull(SidecarLog.NewestFailure(envoys, new(At(-12, "info\tEnvoy proxy is ready"), null), Now.AddSeconds(-15), Now));
        Assert.Null(SidecarLog.NewestFailure(envoys, new(At(-8, "info\tEnvoy proxy is ready"), null), Now.AddSeconds(-15), Now));
    }

    internal static SidecarFailure? Newest(string log) => SidecarLog.NewestFailure(SidecarLogText.Empty, new(log, null), null, Now);

    internal static string At(double seconds, string line) => $"{Now.AddSeconds(seconds):yyyy-MM-ddTHH:mm:ss.ffffff}Z\t{line}\n";
}
