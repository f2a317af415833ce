using SmmAgent.Contract;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;
using SmmAgent.Linux.DBus;
using SmmAgent.Linux.Events;
using SmmAgent.Linux.Tests.Events;
using Subject = SmmAgent.Linux.Firewall.Firewalld;

namespace SmmAgent.Linux.Tests.Firewalld;

public sealed class FirewalldTests : IClassFixture<FirewalldHost>, IAsyncLifetime
{
    private const string OwnRule = "rule priority=\"16400\" port port=\"8080\" protocol=\"tcp\" accept";

    private readonly FirewalldHost _host;
    private readonly Subject _firewalld;

    public FirewalldTests(FirewalldHost host)
    {
        Assert.SkipUnless(FirewalldHost.WhyNot is null, FirewalldHost.WhyNot ?? "");
        _host = host;
        _firewalld = new(host.BusAddress);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _host.Fresh ??= await _host.EverythingAsync();

    // A withdrawal undoes exactly the changes that a test made with the agent's own methods.
    public async ValueTask DisposeAsync()
    {
        await WithdrawAsync(CancellationToken.None);
        Assert.Equal(_host.Fresh, await _host.EverythingAsync());
    }

    [Fact]
    public async Task ZonesAreObservedWithTheirPortsRangesAndServicesNowAndPermanently()
    {
        await _host.CommandAsync("--zone=work", "--add-interface=eth7");
        await _host.CommandAsync("--zone=work", "--add-port=8080/tcp", "--add-port=9000-9002/tcp", "--add-port=7000/udp");
        await _host.CommandAsync("--zone=work", "--add-service=freeipa-4");
        await _host.CommandAsync("--permanent", "--zone=work", "--add-port=8081/tcp");
        try
        {
            var zones = await ZonesAsync();

            Assert.True(zones["work"].ReceivesTraffic);
            Assert.True(zones["public"].ReceivesTraffic);
            Assert.False(zones["dmz"].ReceivesTraffic);
            Assert.Superset(new HashSet<int> { 22, 8080, 9000, 9001, 9002 }, zones["work"].OpenNow.ToHashSet());
            // freeipa-4 includes kerberos.
            Assert.Contains(88, zones["work"].OpenNow);
            Assert.DoesNotContain(7000, zones["work"].OpenNow);
            Assert.DoesNotContain(8081, zones["work"].OpenNow);
            Assert.Equal([22, 8081], zones["work"].OpenPermanently.Order());
            Assert.Contains(16400, zones["trusted"].OpenNow);
        }
        finally
        {
            await _host.CommandAsync("--permanent", "--zone=work", "--remove-port=8081/tcp");
            await _host.CommandAsync("--complete-reload");
        }
    }

    [Fact]
    public async Task OpenedPortsAreOpenAtOnceAndStayOpenThroughReloadsAndARestart()
    {
        await OpenAsync("public", [16400, 16401, 8080]);
        await AssertOpenAsync(16400, 16401, 8080);

        await _host.CommandAsync("--reload");
        await AssertOpenAsync(16400, 16401, 8080);

        await _host.CommandAsync("--complete-reload");
        await AssertOpenAsync(16400, 16401, 8080);

        await _host.StartFirewalldAsync();
        await AssertOpenAsync(16400, 16401, 8080);
        Assert.Empty(await OpenAsync("public", [16400, 16401, 8080]));
    }

    [Fact]
    public async Task OpeningTwiceChangesNothingTheSecondTime()
    {
        Assert.Equal(4, (await OpenAsync("public", [16400, 8080])).Count);
        var once = await _host.EverythingAsync();

        Assert.Empty(await OpenAsync("public", [16400, 8080]));

        Assert.Equal(once, await _host.EverythingAsync());
    }

    [Fact]
    public async Task UnwantedPortClosesAndForeignOpeningsStay()
    {
        await _host.CommandAsync("--zone=public", "--add-port=8082/tcp");
        await OpenAsync("public", [8080, 8081]);

        var changes = await OpenAsync("public", [8081]);

        Assert.Equal(
            [
                "removed from zone public of firewalld, now: rule priority=\"16400\" port port=\"8080\" protocol=\"tcp\" accept",
                "removed from zone public of firewalld, permanently: rule priority=\"16400\" port port=\"8080\" protocol=\"tcp\" accept",
            ],
            changes);
        var open = (await ZonesAsync())["public"];
        Assert.Equal([22, 8081, 8082], open.OpenNow.Order());
        Assert.Equal([22, 8081], open.OpenPermanently.Order());
        Assert.Equal([new(8081, null)], open.OwnRules);
        await _host.CommandAsync("--zone=public", "--remove-port=8082/tcp");
    }

    [Fact]
    public async Task RichRulesOfTheOperatorStay()
    {
        string[] foreign =
        [
            "rule port port=\"8080\" protocol=\"tcp\" accept",
            "rule priority=\"16400\" port port=\"8080\" protocol=\"udp\" accept",
            "rule priority=\"16400\" family=\"ipv4\" source address=\"10.0.0.1\" drop",
        ];
        foreach (var rule in foreign)
            await _host.CommandAsync("--zone=public", $"--add-rich-rule={rule}");
        await OpenAsync("public", [8080]);

        var removed = await WithdrawAsync(Cancel);

        Assert.Equal(2, removed.Count);
        foreach (var rule in foreign)
            await _host.CommandAsync("--zone=public", $"--remove-rich-rule={rule}");
    }

    [Fact]
    public async Task SourcesRestrictThePortsAndAChangeOfSourcesIsFollowed()
    {
        await OpenAsync("public", [8080]);

        await OpenAsync("public", [8080], ["10.1.2.3/8", "2001:DB8:0::/32", "192.0.2.7"]);

        string[] restricted =
        [
            "rule priority=\"16400\" family=\"ipv4\" source address=\"10.0.0.0/8\" port port=\"8080\" protocol=\"tcp\" accept",
            "rule priority=\"16400\" family=\"ipv4\" source address=\"192.0.2.7/32\" port port=\"8080\" protocol=\"tcp\" accept",
            "rule priority=\"16400\" family=\"ipv6\" source address=\"2001:db8::/32\" port port=\"8080\" protocol=\"tcp\" accept",
        ];
        Assert.Equal(restricted, await RichRulesAsync("--zone=public", "--list-rich-rules"));
        Assert.Equal(restricted, await RichRulesAsync("--permanent", "--zone=public", "--list-rich-rules"));
        await _host.CommandAsync("--reload");
        Assert.Equal(restricted, await RichRulesAsync("--zone=public", "--list-rich-rules"));
        Assert.Empty(await OpenAsync("public", [8080], ["2001:db8::/32", "192.0.2.7/32", "10.0.0.0/8"]));
    }

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
        await _host.CommandAsync("--zone=work", "--add-interface=eth7");
        await ApplyAsync(8080);
        Assert.Contains(8080, (await ZonesAsync())["work"].OpenNow);
        await _host.CommandAsync("--zone=work", "--remove-interface=eth7");

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
        await _host.CommandAsync("--permanent", "--new-zone=later");
        try
        {
            await _host.CommandAsync("--permanent", "--zone=later", $"--add-rich-rule={OwnRule}");
            Assert.Equal([new(8080, null)], (await ZonesAsync())["later"].OwnRules);

            Assert.Single(await WithdrawAsync(Cancel));

            Assert.Empty((await ZonesAsync())["later"].OwnRules);
        }
        finally
        {
            await _host.CommandAsync("--permanent", "--delete-zone=later");
        }
    }

    [Fact]
    public async Task PermanentOnlyZoneWithAnUnresolvableServiceIsObservedByItsOwnRules()
    {
        await _host.CommandAsync("--permanent", "--new-zone=later");
        // In this order: firewalld does not change a zone that it finds invalid.
        await _host.CommandAsync("--permanent", "--zone=later", $"--add-rich-rule={OwnRule}");
        await AddServiceWithAnUnresolvableIncludeAsync("later");
        try
        {
            Assert.Equal([new(8080, null)], (await ZonesAsync())["later"].OwnRules);
        }
        finally
        {
            await _host.CommandAsync("--permanent", "--delete-service=broken");
            await _host.CommandAsync("--permanent", "--delete-zone=later");
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
            Assert.IsType<FirewalldObservation.NotSeen>(await _firewalld.ObserveAsync(Cancel));

            var plan = FirewallPlanner.Remove(new([], await _firewalld.ObserveOwnRulesAsync(Cancel)));

            Assert.Equal(
                ["firewalld: close 8080 in zone home", "firewalld: close 8080 in zone public"],
                plan.Steps.Select(step => $"{step}").Order(StringComparer.Ordinal));
            // firewalld refuses every permanent change while a service is invalid, and the step fails with its reason.
            foreach (var step in plan.Steps)
            {
                var refusal = await Assert.ThrowsAsync<DBusException>(() => ExecuteAsync(new([step]), Cancel));
                Assert.StartsWith("firewalld: INVALID_SERVICE: ", refusal.Message, StringComparison.Ordinal);
            }

            Assert.DoesNotContain("16400", await _host.CommandAsync("--list-all-zones"), StringComparison.Ordinal);
        }
        finally
        {
            // This also takes it out of the zones.
            await _host.CommandAsync("--permanent", "--delete-service=broken");
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
        using var listener = new Listener(null, new FirewalldEvents(_host.BusAddress));
        listener.Until(HostChange.Firewalld);
        await OpenAsync("public", [8080]);
        listener.Until(HostChange.Firewalld);

        await _host.StopFirewalldAsync();
        listener.Until(HostChange.Firewalld);
        Assert.IsType<FirewalldObservation.NotRunning>(await _firewalld.ObserveAsync(Cancel));
        Assert.Empty(await WithdrawAsync(Cancel));
        var refusal = await Assert.ThrowsAsync<DBusException>(() => OpenAsync("public", [8080]));
        Assert.Equal("firewalld is not running", refusal.Message);

        await _host.StartFirewalldAsync();
        listener.Until(HostChange.Firewalld);
        await AssertOpenAsync(8080);
    }

    [Fact]
    public async Task AReloadIsReported()
    {
        using var listener = new Listener(null, new FirewalldEvents(_host.BusAddress));
        // Connected.
        Assert.Equal(HostChange.Firewalld, listener.Next());

        await _host.CommandAsync("--reload");

        Assert.Equal(HostChange.Firewalld, listener.Next());
    }

    private async Task AddServiceWithAnUnresolvableIncludeAsync(string zone)
    {
        await _host.CommandAsync("--permanent", "--new-service=gone");
        await _host.CommandAsync("--permanent", "--new-service=broken");
        await _host.CommandAsync("--permanent", "--service=broken", "--add-include=gone");
        await _host.CommandAsync("--permanent", $"--zone={zone}", "--add-service=broken");
        // firewall-cmd takes a deleted service out of the zones, and leaves it in the services that include it.
        await _host.CommandAsync("--permanent", "--delete-service=gone");
    }

    private async Task<Dictionary<string, FirewalldZone>> ZonesAsync() =>
        Assert.IsType<FirewalldObservation.Seen>(await _firewalld.ObserveAsync(Cancel)).State.Zones.ToDictionary(zone => zone.Name);

    private Task<IReadOnlyList<string>> OpenAsync(string zone, int[] ports, string[]? sources = null) =>
        _firewalld.SetPortsAsync(zone, ports, [.. (sources ?? []).Select(source => Cidr.Parse(source)!.Value)], Cancel);

    private async Task<IReadOnlyList<string>> ApplyAsync(params int[] ports)
    {
        var desired = new DesiredFirewall(
            [.. ports.Select(port => new OpenPort(port, $"{port}", Captured: false))], Sources: [], Complete: true);
        return await ExecuteAsync(FirewallPlanner.Plan(desired, new([], await _firewalld.ObserveAsync(Cancel))), Cancel);
    }

    private async Task<IReadOnlyList<string>> WithdrawAsync(CancellationToken cancel) =>
        await ExecuteAsync(FirewallPlanner.Remove(new([], await _firewalld.ObserveOwnRulesAsync(cancel))), cancel);

    private async Task<List<string>> ExecuteAsync(Plan plan, CancellationToken cancel)
    {
        List<string> changes = [];
        foreach (var step in plan.Steps)
        {
            changes.AddRange(step switch
            {
                OpenInFirewalld open => await _firewalld.SetPortsAsync(open.Zone, open.Ports, open.Sources, cancel),
                CloseInFirewalld close => await _firewalld.SetPortsAsync(close.Zone, close.Ports, close.Sources, cancel),
                _ => throw new InvalidOperationException($"{step}"),
            });
        }

        return changes;
    }

    private async Task AssertOpenAsync(params int[] ports)
    {
        var zone = (await ZonesAsync())["public"];
        Assert.Superset(ports.ToHashSet(), zone.OpenNow.ToHashSet());
        Assert.Superset(ports.ToHashSet(), zone.OpenPermanently.ToHashSet());
    }

    private async Task<string[]> RichRulesAsync(params string[] arguments) =>
        [.. (await _host.CommandAsync(arguments)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
}
