namespace SmmAgent.Linux.Tests.Firewalld;

/// <summary>Ports are opened and closed in the zones with traffic.</summary>
public sealed class FirewalldTests(FirewalldHost host) : FirewalldFixture(host)
{
    [Fact]
    public async Task ZonesAreObservedWithTheirPortsRangesAndServicesNowAndPermanently()
    {
        await Host.CommandAsync("--zone=work", "--add-interface=eth7");
        await Host.CommandAsync("--zone=work", "--add-port=8080/tcp", "--add-port=9000-9002/tcp", "--add-port=7000/udp");
        await Host.CommandAsync("--zone=work", "--add-service=freeipa-4");
        await Host.CommandAsync("--permanent", "--zone=work", "--add-port=8081/tcp");
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
            await Host.CommandAsync("--permanent", "--zone=work", "--remove-port=8081/tcp");
            await Host.CommandAsync("--complete-reload");
        }
    }

    [Fact]
    public async Task OpenedPortsAreOpenAtOnceAndStayOpenThroughReloadsAndARestart()
    {
        await OpenAsync("public", [16400, 16401, 8080]);
        await AssertOpenAsync(16400, 16401, 8080);

        await Host.CommandAsync("--reload");
        await AssertOpenAsync(16400, 16401, 8080);

        await Host.CommandAsync("--complete-reload");
        await AssertOpenAsync(16400, 16401, 8080);

        await Host.StartFirewalldAsync();
        await AssertOpenAsync(16400, 16401, 8080);
        Assert.Empty(await OpenAsync("public", [16400, 16401, 8080]));
    }

    [Fact]
    public async Task OpeningTwiceChangesNothingTheSecondTime()
    {
        Assert.Equal(4, (await OpenAsync("public", [16400, 8080])).Count);
        var once = await Host.EverythingAsync();

        Assert.Empty(await OpenAsync("public", [16400, 8080]));

        Assert.Equal(once, await Host.EverythingAsync());
    }

    [Fact]
    public async Task UnwantedPortClosesAndForeignOpeningsStay()
    {
        await Host.CommandAsync("--zone=public", "--add-port=8082/tcp");
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
        await Host.CommandAsync("--zone=public", "--remove-port=8082/tcp");
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
            await Host.CommandAsync("--zone=public", $"--add-rich-rule={rule}");
        await OpenAsync("public", [8080]);

        var removed = await WithdrawAsync(Cancel);

        Assert.Equal(2, removed.Count);
        foreach (var rule in foreign)
            await Host.CommandAsync("--zone=public", $"--remove-rich-rule={rule}");
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
        await Host.CommandAsync("--reload");
        Assert.Equal(restricted, await RichRulesAsync("--zone=public", "--list-rich-rules"));
        Assert.Empty(await OpenAsync("public", [8080], ["2001:db8::/32", "192.0.2.7/32", "10.0.0.0/8"]));
    }
}
