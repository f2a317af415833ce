using SmmAgent.Core.Conditions;

namespace SmmAgent.Core.Tests.Conditions;

public sealed class ConditionAdviceTests
{
    [Theory]
    [InlineData("gateway 13.48.73.61:15012 refused the connection", "gateway 13.48.73.61:15012 refused the connection", null)]
    [InlineData("istio-sidecar is not installed: sudo smm-agent reconcile", "istio-sidecar is not installed", "sudo smm-agent reconcile")]
    [InlineData("no dashboard is set; run: sudo smm-agent set dashboard-url URL",
        "no dashboard is set", "sudo smm-agent set dashboard-url URL")]
    [InlineData("no dashboard; sudo smm-agent set dashboard-url URL", "no dashboard", "sudo smm-agent set dashboard-url URL")]
    [InlineData(
        "the sidecar needs a restart: to write x (+1 more); the agent restarts it within Sun 02:00-04:00; or sudo systemctl restart istio",
        "the sidecar needs a restart: to write x (+1 more); the agent restarts it within Sun 02:00-04:00",
        "or sudo systemctl restart istio")]
    [InlineData(
        "the token has expired; fetch a new one from the dashboard once DashboardReachable is True: sudo smm-agent reconcile; the "
            + "sidecar's log: x; sudo y",
        "the token has expired; the sidecar's log: x; sudo y",
        "fetch a new one from the dashboard once DashboardReachable is True: sudo smm-agent reconcile")]
    [InlineData("nftables chain a drops 8080: run: sudo nft insert rule inet a b tcp dport 8080 accept",
        "nftables chain a drops 8080", "sudo nft insert rule inet a b tcp dport 8080 accept")]
    [InlineData(
        "another host reports under the uuid; on the copy: tr -d - </proc/sys/kernel/random/uuid | sudo tee /etc/machine-id; sudo "
            + "smm-agent reconcile",
        "another host reports under the uuid",
        "on the copy: tr -d - </proc/sys/kernel/random/uuid | sudo tee /etc/machine-id; sudo smm-agent reconcile")]
    [InlineData(
        "the dashboard refused the token; make a new one: kubectl create token -n a b, then: sudo smm-agent set bearer-token --stdin; "
            + "there is no earlier configuration to work with",
        "the dashboard refused the token; there is no earlier configuration to work with",
        "make a new one: kubectl create token -n a b, then: sudo smm-agent set bearer-token --stdin")]
    [InlineData("the file turns capture off: remove A from it, then: sudo systemctl restart istio",
        "the file turns capture off: remove A from it, then: sudo systemctl restart istio", null)]
    [InlineData("no gateway: 10.0.0.1 says nothing (sudo is needed)", "no gateway: 10.0.0.1 says nothing (sudo is needed)", null)]
    [InlineData("the dashboard refused the token (expired; sudo evil); set a new one: sudo smm-agent set bearer-token --stdin",
        "the dashboard refused the token (expired; sudo evil)", "set a new one: sudo smm-agent set bearer-token --stdin")]
    [InlineData("the dashboard answered 400 (x; sudo evil)", "the dashboard answered 400 (x; sudo evil)", null)]
    [InlineData("a proxy refuses the request with 418, and says 'x; sudo evil'; the dashboard has not seen it; see its own log",
        "a proxy refuses the request with 418, and says 'x; sudo evil'; the dashboard has not seen it; see its own log", null)]
    [InlineData("", "", null)]
    public void MessageIsSplitIntoFindingAndFix(string message, string finding, string? fix) =>
        Assert.Equal((finding, fix), (ConditionAdvice.From(message).Finding, ConditionAdvice.From(message).Fix));

    [Theory]
    [InlineData("x; sudo smm-agent reconcile", true)]
    [InlineData("x; run: sudo firewall-cmd --permanent --zone=public --add-port=1/tcp && sudo firewall-cmd --reload", true)]
    [InlineData("x; make a new one: kubectl create token -n a b, then: sudo smm-agent set bearer-token --stdin", false)]
    [InlineData("x; sudo smm-agent set node-ip ADDRESS, or set node.addressProviders to one that this VM reaches", false)]
    [InlineData("x", false)]
    public void OnlyACompleteCommandIsACommand(string message, bool isCommand) =>
        Assert.Equal(isCommand, ConditionAdvice.From(message).IsCommand);
}
