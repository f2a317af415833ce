using CsCheck;

namespace SmmAgent.Contract.Tests;

public sealed class CaptureVariablesTests
{
    [Theory]
    [InlineData("ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE", "")]
    [InlineData("ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE", "3306")]
    [InlineData("ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE", "1,65535,8000:8100,0:1023")]
    [InlineData("ISTIO_OUTBOUND_PORTS", "8000-8100,")]
    [InlineData("ISTIO_INBOUND_PORTS", "*")]
    [InlineData("ISTIO_SERVICE_CIDR", "*")]
    [InlineData("ISTIO_SERVICE_CIDR", "10.0.0.1/8,2001:db8::/32,0.0.0.0/0,::/0")]
    [InlineData("ISTIO_SERVICE_EXCLUDE_CIDR", "169.254.169.254/32")]
    [InlineData("ISTIO_OUTBOUND_IPV4_LOOPBACK_CIDR", "127.0.0.1/32")]
    [InlineData("ISTIO_EXCLUDE_INTERFACES", "eth1,docker0,br-0a1b2c3d4e5f,eth0.100,wg+")]
    [InlineData("KUBE_VIRT_INTERFACES", "tun0")]
    [InlineData("ISTIO_OUTBOUND_OWNER_GROUPS", "*")]
    [InlineData("ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE", "1000, smm-agent,svc@corp.example,host$")]
    [InlineData("PROXY_UID", "1337")]
    [InlineData("PROXY_GID", "1337,0,4294967295,1000-1010")]
    [InlineData("ENVOY_USER", "istio-proxy")]
    [InlineData("ENVOY_PORT", "15001")]
    [InlineData("INBOUND_INTERCEPTION_MODE", "REDIRECT")]
    [InlineData("ISTIO_INBOUND_TPROXY_MARK", "0x539")]
    [InlineData("ISTIO_INBOUND_TPROXY_ROUTE_TABLE", "133")]
    [InlineData("FORCE_IPTABLES_BINARY", "nft")]
    [InlineData("PROBE_TIMEOUT", "1m30.5s")]
    [InlineData("DRY_RUN", "False")]
    [InlineData("ISTIO_DUAL_STACK", "true")]
    [InlineData("ISTIO_META_NOTE", "any text: $(x) 'y' \"z\" \u00fc")]
    public void ValueThatIstioUnderstandsIsAccepted(string name, string value) => Assert.Null(CaptureVariables.Rule(name, value));

    [Theory]
    [InlineData("ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE", "1 -j RETURN")]
    [InlineData("ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE", "*")]
    [InlineData("ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE", "ssh")]
    [InlineData("ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE", "0")]
    [InlineData("ISTIO_OUTBOUND_PORTS", "65536")]
    [InlineData("ISTIO_OUTBOUND_PORTS", "9:8")]
    [InlineData("ISTIO_OUTBOUND_PORTS", "1:2:3")]
    [InlineData("ISTIO_OUTBOUND_PORTS", "+1")]
    [InlineData("ISTIO_OUTBOUND_PORTS", "\uff11")]
    [InlineData("ISTIO_INBOUND_PORTS", "*,80")]
    [InlineData("ISTIO_LOCAL_EXCLUDE_PORTS", "80 443")]
    [InlineData("ISTIO_LOCAL_EXCLUDE_PORTS", "80, ,443")]
    [InlineData("ISTIO_LOCAL_EXCLUDE_PORTS", " ")]
    [InlineData("ISTIO_SERVICE_CIDR", "10.0.0.0/8, 192.168.0.0/16")]
    [InlineData("ENVOY_PORT", "")]
    [InlineData("ENVOY_PORT", "15001 -A INPUT")]
    [InlineData("INBOUND_CAPTURE_PORT", "1,2")]
    [InlineData("INBOUND_TUNNEL_PORT", "-1")]
    [InlineData("ISTIO_SERVICE_CIDR", "10.0.0.0")]
    [InlineData("ISTIO_SERVICE_EXCLUDE_CIDR", "*")]
    [InlineData("ISTIO_SERVICE_EXCLUDE_CIDR", "10.0.0.0/33")]
    [InlineData("ISTIO_SERVICE_EXCLUDE_CIDR", "fe80::1%eth0/64")]
    [InlineData("ISTIO_SERVICE_EXCLUDE_CIDR", "10.0.0.0/8 -j ACCEPT")]
    [InlineData("ISTIO_OUTBOUND_IPV4_LOOPBACK_CIDR", "10.0.0.0/8")]
    [InlineData("ISTIO_OUTBOUND_IPV4_LOOPBACK_CIDR", "127.0.0.0/7")]
    [InlineData("ISTIO_EXCLUDE_INTERFACES", "eth0 -j ACCEPT")]
    [InlineData("ISTIO_EXCLUDE_INTERFACES", "!eth0")]
    [InlineData("KUBE_VIRT_INTERFACES", "a-name-that-is-too-long")]
    [InlineData("KUBE_VIRT_INTERFACES", "-j")]
    [InlineData("ISTIO_OUTBOUND_OWNER_GROUPS", "-j")]
    [InlineData("ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE", "4294967296")]
    [InlineData("ISTIO_OUTBOUND_OWNER_GROUPS_EXCLUDE", "a\"b")]
    [InlineData("PROXY_UID", "1337 -j ACCEPT")]
    [InlineData("PROXY_GID", "$(id)")]
    [InlineData("ENVOY_USER", "a b")]
    [InlineData("INBOUND_INTERCEPTION_MODE", "tproxy")]
    [InlineData("ISTIO_INBOUND_TPROXY_MARK", "1337 -j ACCEPT")]
    [InlineData("INBOUND_TPROXY_MARK", "0x")]
    [InlineData("ISTIO_INBOUND_TPROXY_ROUTE_TABLE", "main")]
    [InlineData("FORCE_IPTABLES_BINARY", "/tmp/iptables")]
    [InlineData("PROBE_TIMEOUT", "5")]
    [InlineData("DRY_RUN", "yes")]
    [InlineData("NATIVE_NFTABLES", "true ")]
    [InlineData("ISTIO_CUSTOM_IP_TABLES", "on")]
    public void ValueThatCouldBeSeveralWordsIsRefusedWithTheGrammar(string name, string value)
    {
        var reason = CaptureVariables.Rule(name, value);
        Assert.StartsWith($"'{value}' is not ", reason, StringComparison.Ordinal);
    }

    [Fact]
    public void RefusalHasAnExample() => Assert.Equal(
        "'1 -j RETURN' is not a list of ports (1-65535, or ranges FIRST:LAST) separated by commas, for example 80,8000:8100",
        CaptureVariables.Rule("ISTIO_LOCAL_OUTBOUND_PORTS_EXCLUDE", "1 -j RETURN"));

    [Theory]
    [InlineData("ANY", "a\nb", "'a?b' has a line break, which is not allowed in any value")]
    [InlineData("ANY", "a\r", "'a?' has a line break, which is not allowed in any value")]
    [InlineData("ANY", "a\u2028b", "'a?b' has a line break, which is not allowed in any value")]
    [InlineData("ANY", "a\u0085b", "'a?b' has the control character U+0085, which is not allowed in any value")]
    [InlineData("ANY", "\t", "'?' has a tab, which is not allowed in any value")]
    [InlineData("ANY", "\0", "'?' has a NUL character, which is not allowed in any value")]
    [InlineData("ANY", "\e[2J", "'?[2J' has the control character U+001B, which is not allowed in any value")]
    [InlineData("ISTIO_OUTBOUND_PORTS", "80\n", "'80?' has a line break, which is not allowed in any value")]
    public void ControlCharacterIsRefusedInEveryVariable(string name, string value, string reason) =>
        Assert.Equal(reason, CaptureVariables.Rule(name, value));

    [Fact]
    public void AcceptedValueIsAlwaysOneWordOfARule()
    {
        string[] parts = ["80", "0", ":", "-", ",", " ", "*", "/", "10.0.0.0", "::1", "/8", "eth0", "a", "-j", "ACCEPT", "\n", "\t", "'",
            "\"", "\\", "!", "$", "`", ";", "#", "0x", "5s", "true", "\u00fc", "\0", "@", "+"];
        var value = Gen.Int[0, parts.Length - 1].Select(i => parts[i]).Array[0, 6].Select(string.Concat);
        Gen.Select(Gen.Int[0, CaptureVariables.Names.Count - 1], value).Sample(
            (at, text) => CaptureVariables.Rule(CaptureVariables.Names.ElementAt(at), text) is not null
                || (text.Split(',').All(item => !item.Trim(' ').Any(char.IsWhiteSpace)) && text.IndexOfAny(['\'', '"', '\\', '`', ';', '!',
                    '#', '\0']) < 0 && text.Split(',').All(item => item.Length == 0 || item.Trim(' ') is [not '-', ..])),
            iter: 20_000, threads: 1);
    }

    [Theory]
    [InlineData("ISTIO_CUSTOM_IP_TABLES", "true", "ISTIO_CUSTOM_IP_TABLES=true")]
    [InlineData("ISTIO_CUSTOM_IP_TABLES", "1", null)]
    [InlineData("DRY_RUN", "1", "DRY_RUN=1")]
    [InlineData("DRY_RUN", "false", null)]
    [InlineData("SKIP_RULE_APPLY", "TRUE", "SKIP_RULE_APPLY=TRUE")]
    [InlineData("CLEANUP_ONLY", "t", "CLEANUP_ONLY=t")]
    [InlineData("ISTIO_OUTBOUND_OWNER_GROUPS", "", "ISTIO_OUTBOUND_OWNER_GROUPS=''")]
    [InlineData("ISTIO_OUTBOUND_OWNER_GROUPS", "apps", null)]
    [InlineData("OTHER", "true", null)]
    public void AssignmentThatDisablesTheCaptureIsNamed(string name, string value, string? named) =>
        Assert.Equal(named is null ? [] : [named], CaptureVariables.SwitchingOff(new Dictionary<string, string> { [name] = value }));
}
