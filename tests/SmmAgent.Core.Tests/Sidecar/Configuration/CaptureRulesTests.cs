using SmmAgent.Core.Sidecar.Configuration;

namespace SmmAgent.Core.Tests.Sidecar.Configuration;

public sealed class CaptureRulesTests
{
    [Fact]
    public void JumpsIntoTheChainsOfIstioAreFoundInEachOfItsTables() => Assert.Equal(
        ["nat PREROUTING -p tcp -j ISTIO_INBOUND", "nat OUTPUT -j ISTIO_OUTPUT", "raw PREROUTING -j ISTIO_INBOUND",
            "raw OUTPUT -j ISTIO_OUTPUT_DNS"],
        Found("""
            *raw
            :PREROUTING ACCEPT [0:0]
            :OUTPUT ACCEPT [0:0]
            :ISTIO_INBOUND - [0:0]
            :ISTIO_OUTPUT_DNS - [0:0]
            -A PREROUTING -j ISTIO_INBOUND
            -A OUTPUT -j ISTIO_OUTPUT_DNS
            -A ISTIO_INBOUND -s 198.18.0.1/32 -p udp -m udp --sport 53 -j CT --zone 1
            COMMIT
            *nat
            :PREROUTING ACCEPT [0:0]
            :OUTPUT ACCEPT [0:0]
            :ISTIO_INBOUND - [0:0]
            :ISTIO_OUTPUT - [0:0]
            -A PREROUTING -p tcp -j ISTIO_INBOUND
            -A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080
            -A OUTPUT -j ISTIO_OUTPUT
            -A ISTIO_OUTPUT -j ISTIO_REDIRECT
            COMMIT

            """));

    [Fact]
    public void MarksOfTproxyBelongToTheCapture() => Assert.Equal(
        [
            "mangle PREROUTING -p tcp -j ISTIO_INBOUND",
            "mangle PREROUTING -p tcp -m mark --mark 0x539 -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff",
            "mangle OUTPUT ! -d 127.0.0.1/32 -o lo -p tcp -m owner --uid-owner 996 -j MARK --set-xmark 0x53a/0xffffffff",
        ],
        Found("""
            *mangle
            :PREROUTING ACCEPT [0:0]
            :OUTPUT ACCEPT [0:0]
            :ISTIO_INBOUND - [0:0]
            -A PREROUTING -p tcp -j ISTIO_INBOUND
            -A PREROUTING -p tcp -m mark --mark 0x539 -j CONNMARK --save-mark --nfmask 0xffffffff --ctmask 0xffffffff
            -A PREROUTING -p tcp -m mark --mark 0x7 -j ACCEPT
            -A OUTPUT ! -d 127.0.0.1/32 -o lo -p tcp -m owner --uid-owner 996 -j MARK --set-xmark 0x53a/0xffffffff
            COMMIT

            """));

    [Theory]
    [InlineData("*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -m comment --comment \"not -j ISTIO_OUTPUT here\" -j ACCEPT\nCOMMIT\n")]
    [InlineData("*nat\n:ISTIO_OUTPUT - [0:0]\n-A ISTIO_OUTPUT -j ISTIO_REDIRECT\nCOMMIT\n")]
    [InlineData("*filter\n:INPUT ACCEPT [0:0]\n:ISTIO_MINE - [0:0]\n-A INPUT -j ISTIO_MINE\nCOMMIT\n")]
    [InlineData("*mangle\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -p tcp -m mark --mark 0x539 -j RETURN\nCOMMIT\n")]
    public void RuleOutsideIstiosChainsIsNotACapture(string saved) => Assert.Empty(CaptureRules.Find(saved)!);

    [Fact]
    public void CommentWithBlanksIsOneArgumentOfTheRule() => Assert.Equal(
        ["-m", "comment", "--comment", "of the \"mesh\"", "-j", "ISTIO_OUTPUT"],
        CaptureRules.Find(
            "*nat\n:OUTPUT ACCEPT [0:0]\n"
            + "-A OUTPUT -m comment --comment \"of the \\\"mesh\\\"\" -j ISTIO_OUTPUT\nCOMMIT\n")![0].Rule.Arguments);

    [Theory]
    [InlineData("*nat\n:OUTPUT ACCEPT [0:0]\n")]
    [InlineData("*nat\nwhat is this\nCOMMIT\n")]
    [InlineData("*nat\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT --modprobe=/tmp/evil -j ISTIO_OUTPUT\nCOMMIT\n")]
    public void TextOtherThanOfIptablesSaveIsNotRead(string saved) => Assert.Null(CaptureRules.Find(saved));

    [Fact]
    public void TablesOfNftablesThatIstioMakesItselfAreFound() => Assert.Equal(
        ["inet istio-proxy-nat", "inet istio-proxy-raw"],
        CaptureRules.NativeTables("table ip filter\ntable inet istio-proxy-nat\ntable inet istio-proxy-raw\ntable inet mine\n"));

    private static IEnumerable<string> Found(string saved) =>
        CaptureRules.Find(saved)!.Select(rule => $"{rule.Table} {rule.Chain} {rule.Rule.Text}");
}
