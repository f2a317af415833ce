using SmmAgent.Contract;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.State;
using SmmAgent.Core.Planning;
using Subject = SmmAgent.Linux.Firewall.Firewalld;

namespace SmmAgent.Linux.Tests.Firewalld;

/// <summary>Opens ports in a real firewalld.</summary>
public abstract class FirewalldFixture : IClassFixture<FirewalldHost>, IAsyncLifetime
{
    protected const string OwnRule = "rule priority=\"16400\" port port=\"8080\" protocol=\"tcp\" accept";

    protected FirewalldHost Host { get; }

    private protected Subject Client { get; }

    protected FirewalldFixture(FirewalldHost host)
    {
        Assert.SkipUnless(FirewalldHost.WhyNot is null, FirewalldHost.WhyNot ?? "");
        Host = host;
        Client = new(host.BusAddress);
    }

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => Host.Fresh ??= await Host.EverythingAsync();

    // A withdrawal undoes exactly the changes that a test made with the agent's own methods.
    public async ValueTask DisposeAsync()
    {
        await WithdrawAsync(CancellationToken.None);
        Assert.Equal(Host.Fresh, await Host.EverythingAsync());
        GC.SuppressFinalize(this);
    }

    protected async Task AddServiceWithAnUnresolvableIncludeAsync(string zone)
    {
        await Host.CommandAsync("--permanent", "--new-service=gone");
        await Host.CommandAsync("--permanent", "--new-service=broken");
        await Host.CommandAsync("--permanent", "--service=broken", "--add-include=gone");
        await Host.CommandAsync("--permanent", $"--zone={zone}", "--add-service=broken");
        // firewall-cmd takes a deleted service out of the zones, and leaves it in the services that include it.
        await Host.CommandAsync("--permanent", "--delete-service=gone");
    }

    protected async Task<Dictionary<string, FirewalldZone>> ZonesAsync() =>
        Assert.IsType<FirewalldObservation.Seen>(await Client.ObserveAsync(Cancel)).State.Zones.ToDictionary(zone => zone.Name);

    protected Task<IReadOnlyList<string>> OpenAsync(string zone, int[] ports, string[]? sources = null) =>
        Client.SetPortsAsync(zone, ports, [.. (sources ?? []).Select(source => Cidr.Parse(source)!.Value)], Cancel);

    protected async Task<IReadOnlyList<string>> ApplyAsync(params int[] ports)
    {
        var desired = new DesiredFirewall(
            [.. ports.Select(port => new OpenPort(port, $"{port}", Captured: false))], Sources: [], Complete: true);
        return await ExecuteAsync(FirewallPlanner.Plan(desired, new([], await Client.ObserveAsync(Cancel))), Cancel);
    }

    protected async Task<IReadOnlyList<string>> WithdrawAsync(CancellationToken cancel) =>
        await ExecuteAsync(FirewallPlanner.Remove(new([], await Client.ObserveOwnRulesAsync(cancel))), cancel);

    protected async Task<List<string>> ExecuteAsync(Plan plan, CancellationToken cancel)
    {
        List<string> changes = [];
        foreach (var step in plan.Steps)
        {
            changes.AddRange(step switch
            {
                OpenInFirewalld open => await Client.SetPortsAsync(open.Zone, open.Ports, open.Sources, cancel),
                CloseInFirewalld close => await Client.SetPortsAsync(close.Zone, close.Ports, close.Sources, cancel),
                _ => throw new InvalidOperationException($"{step}"),
            });
        }

        return changes;
    }

    protected async Task AssertOpenAsync(params int[] ports)
    {
        var zone = (await ZonesAsync())["public"];
        Assert.Superset(ports.ToHashSet(), zone.OpenNow.ToHashSet());
        Assert.Superset(ports.ToHashSet(), zone.OpenPermanently.ToHashSet());
    }

    protected async Task<string[]> RichRulesAsync(params string[] arguments) =>
        [.. (await Host.CommandAsync(arguments)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
}
