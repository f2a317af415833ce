using SmmAgent.Core.Firewall.State;
using Subject = SmmAgent.Linux.Firewall.Firewalld;

namespace SmmAgent.Linux.Tests.Firewalld;

public sealed class FirewalldWithoutTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task FirewalldDoesNotRunWithoutABus()
    {
        using var folder = new TemporaryFolder();
        var firewalld = new Subject($"unix:path={folder.Path("no-bus")}");

        Assert.IsType<FirewalldObservation.NotRunning>(await firewalld.ObserveAsync(Cancel));
    }

    [Fact]
    public async Task AfterARefusalTheStateIsUnknownAndTheMessageNamesWhoMay()
    {
        Assert.SkipUnless(FirewalldHost.WhyNot is null, FirewalldHost.WhyNot ?? "");
        await using var host = new FirewalldHost { Refusal = "<deny send_interface=\"org.fedoraproject.FirewallD1.zone\"/>" };
        await host.InitializeAsync();

        var observed = Assert.IsType<FirewalldObservation.NotSeen>(await new Subject(host.BusAddress).ObserveAsync(Cancel));

        Assert.StartsWith("firewalld refused this user (polkit: ", observed.Reason, StringComparison.Ordinal);
        Assert.EndsWith("the privileged reconcile, smm-agent-reconcile.service, may do it", observed.Reason, StringComparison.Ordinal);
    }
}
