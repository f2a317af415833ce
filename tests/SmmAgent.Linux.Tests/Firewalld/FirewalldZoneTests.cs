using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Linux.DBus;
using SmmAgent.Linux.Events;
using SmmAgent.Linux.Tests.Events;

namespace SmmAgent.Linux.Tests.Firewalld;

/// <summary>Zones that change, or that cannot be resolved.</summary>
public sealed class FirewalldZoneTests(FirewalldHost host) : FirewalldFixture(host)
{
    [Fact]
    public async Task RemovalCoversZonesWithoutTraffic()
    {
        await OpenAsync("work", [8080]);
        await OpenAsync("public", [8080]);

        Assert.Equal(4, (await WithdrawAsync(Cancel)).Count);

        Assert.Empty(await WithdrawAsync(Cancel));
    }

    [Fact]
    public async Task PortsFollowTrafficToAnotherZone()
    {
        await Host.CommandAsync("--zone=work", "--add-interface=eth7");
        await ApplyAsync(8080);
        Assert.Contains(8080, (await ZonesAsync())["work"].OpenNow);
        await Host.CommandAsync("--zone=work", "--remove-interface=eth7");

        var changes = await ApplyAsync(8080, 8081);

        Assert.Equal(4, changes.Count);
        var zones = await ZonesAsync();
        Assert.Equal([22], zones["work"].OpenNow.Order());
        Assert.Equal([22], zones["work"].OpenPermanently.Order());
        Assert.Equal([22, 8080, 8081], zones["public"].OpenNow.Order());
        Assert.Equal([22, 8080, 8081], zones["public"].OpenPermanently.Order());
        Assert.Empty(await ApplyAsync(8081, 8080));
    }

    [Fact]
    public async Task RulesInAPermanentOnlyZoneAreRemoved()
    {
        await Host.CommandAsync("--permanent", "--new-zone=later");
        try
        {
            await Host.CommandAsync("--permanent", "--zone=later", $"--add-rich-rule={OwnRule}");
            Assert.Equal([new(8080, null)], (await ZonesAsync())["later"].OwnRules);

            Assert.Single(await WithdrawAsync(Cancel));

            Assert.Empty((await ZonesAsync())["later"].OwnRules);
        }
        finally
        {
            await Host.CommandAsync("--permanent", "--delete-zone=later");
        }
    }

    [Fact]
    public async Task PermanentOnlyZoneWithAnUnresolvableServiceIsObservedByItsOwnRules()
    {
        await Host.CommandAsync("--permanent", "--new-zone=later");
        // In this order: firewalld does not change a zone that it finds invalid.
        await Host.CommandAsync("--permanent", "--zone=later", $"--add-rich-rule={OwnRule}");
        await AddServiceWithAnUnresolvableIncludeAsync("later");
        try
        {
            Assert.Equal([new(8080, null)], (await ZonesAsync())["later"].OwnRules);
        }
        finally
        {
            await Host.CommandAsync("--permanent", "--delete-service=broken");
            await Host.CommandAsync("--permanent", "--delete-zone=later");
        }
    }

    [Fact]
    public async Task UnresolvableServiceDoesNotPreventTheRemovalFromTheRuntime()
    {
        await OpenAsync("home", [8080]);
        await OpenAsync("public", [8080]);
        await AddServiceWithAnUnresolvableIncludeAsync("home");
        try
        {
            // Which ports the zone lets in is unknown.
            Assert.IsType<FirewalldObservation.NotSeen>(await Client.ObserveAsync(Cancel));

            var plan = FirewallPlanner.Remove(new([], await Client.ObserveOwnRulesAsync(Cancel)));

            Assert.Equal(
                ["firewalld: close 8080 in zone home", "firewalld: close 8080 in zone public"],
                plan.Steps.Select(step => $"{step}").Order(StringComparer.Ordinal));
            // firewalld refuses every permanent change while a service is invalid, and the step fails with its reason.
            foreach (var step in plan.Steps)
            {
                var refusal = await Assert.ThrowsAsync<DBusException>(() => ExecuteAsync(new([step]), Cancel));
                Assert.StartsWith("firewalld: INVALID_SERVICE: ", refusal.Message, StringComparison.Ordinal);
            }

            Assert.DoesNotContain("16400", await Host.CommandAsync("--list-all-zones"), StringComparison.Ordinal);
        }
        finally
        {
            // This also takes it out of the zones.
            await Host.CommandAsync("--permanent", "--delete-service=broken");
        }
    }

    [Fact]
    public async Task UnknownZoneIsRefusedInOneLine()
    {
        var refusal = await Assert.ThrowsAsync<DBusException>(() => OpenAsync("nowhere", [8080]));

        Assert.Equal("firewalld: INVALID_ZONE: nowhere", refusal.Message);
    }

    [Fact]
    public async Task AStoppedFirewalldIsNotRunningAndTheEventsReportItsReturn()
    {
        using var listener = new Listener(null, new FirewalldEvents(Host.BusAddress));
        listener.Until(HostChange.Firewalld);
        await OpenAsync("public", [8080]);
        listener.Until(HostChange.Firewalld);

        await Host.StopFirewalldAsync();
        listener.Until(HostChange.Firewalld);
        Assert.IsType<FirewalldObservation.NotRunning>(await Client.ObserveAsync(Cancel));
        Assert.Empty(await WithdrawAsync(Cancel));
        var refusal = await Assert.ThrowsAsync<DBusException>(() => OpenAsync("public", [8080]));
        Assert.Equal("firewalld is not running", refusal.Message);

        await Host.StartFirewalldAsync();
        listener.Until(HostChange.Firewalld);
        await AssertOpenAsync(8080);
    }

    [Fact]
    public async Task AReloadIsReported()
    {
        using var listener = new Listener(null, new FirewalldEvents(Host.BusAddress));
        // Connected.
        Assert.Equal(HostChange.Firewalld, listener.Next());

        await Host.CommandAsync("--reload");

        Assert.Equal(HostChange.Firewalld, listener.Next());
    }
}
