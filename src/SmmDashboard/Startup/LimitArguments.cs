using System.CommandLine;
using SmmDashboard.Agents;
using SmmDashboard.DialBack;
using SmmDashboard.Embedded.Agents;
using SmmDashboard.Http;
using SmmDashboard.Http.Connections;

namespace SmmDashboard.Startup;

/// <summary>The options that limit requests, connections and new agents.</summary>
internal sealed class LimitArguments
{
    private readonly Option<int?> _clientRate = new("--client-rate")
    {
        Description = "Requests per second from one client address, with bursts of ten times as many. Default: 500.",
        HelpName = "N",
    };

    private readonly Option<int?> _totalRate = new("--total-rate")
    {
        Description = "Requests per second in total, with bursts of twice as many. Default: 10000.",
        HelpName = "N",
    };

    private readonly Option<int?> _connections = new("--connections")
    {
        Description = "Open connections in total. Default: 40000, or fewer if the limit on open files requires it.",
        HelpName = "N",
    };

    private readonly Option<int?> _clientConnections = new("--client-connections")
    {
        Description = "Open connections from one client address. Default: a quarter of the total.",
        HelpName = "N",
    };

    private readonly Option<int?> _registeredSidecars = new("--registered-sidecars")
    {
        Description = "Sidecars that are registered at the same time, with --registration. Default: 20000, or fewer if the limit on open "
            + "files requires it.",
        HelpName = "N",
    };

    private readonly Option<int?> _idleTimeout = new("--idle-timeout")
    {
        Description = "How long a connection may be open without a request, 1 to 86400. Default: 10.",
        HelpName = "SECONDS",
    };

    private readonly Option<int?> _newAgentRate = new("--new-agent-rate")
    {
        Description = "New agents of one WorkloadGroup per second, with bursts of 500 times as many. Default: 2.",
        HelpName = "N",
    };

    private readonly Option<int?> _agentsPerGroup = new("--agents-per-group")
    {
        Description = "Agents of one WorkloadGroup. Default: 20000.",
        HelpName = "N",
    };

    private readonly Option<int?> _rateBuckets = new("--rate-buckets")
    {
        Description = "Client addresses and agents that have rates of their own at the same time; others share one. Default: 40000.",
        HelpName = "N",
    };

    private readonly Option<int?> _dialBackRate = new("--dial-back-rate")
    {
        Description = "Ports dialled back per second in total, with bursts of four times as many. One WorkloadGroup may use half, "
            + "and a thirtieth at addresses where no agent has answered. Default: 600.",
        HelpName = "N",
    };

    public IReadOnlyList<Option> All =>
    [
        _clientRate, _totalRate, _rateBuckets, _connections, _clientConnections, _idleTimeout, _newAgentRate, _agentsPerGroup,
        _dialBackRate, _registeredSidecars,
    ];

    /// <summary>The options of the embedded mode only.</summary>
    public IReadOnlyList<Option> Embedded => [_registeredSidecars];

    public RequestRates.Settings ReadRates(ParseResult result, List<string> faults)
    {
        var rates = new RequestRates.Settings();
        var (client, total) = (result.GetValue(_clientRate), result.GetValue(_totalRate));
        RequireOne(_clientRate, client, faults);
        RequireOne(_totalRate, total, faults);
        return rates with
        {
            PerClient = client is { } perClient ? new Rate(10.0 * perClient, perClient) : rates.PerClient,
            Total = total is { } inTotal ? new Rate(2.0 * inTotal, inTotal) : rates.Total,
            Buckets = ReadNumber(result, _rateBuckets, Rate.DefaultBuckets, faults),
        };
    }

    // A fault of --rate-buckets is reported with the rates of requests.
    public DialBackSettings ReadDialBacks(ParseResult result, List<string> faults) =>
        DialBackSettings.From(ReadNumber(result, _dialBackRate, DialBackSettings.DefaultPerSecond, faults)) with
        {
            Buckets = Math.Max(1, result.GetValue(_rateBuckets) ?? Rate.DefaultBuckets),
        };

    public int ReadAgentsPerGroup(ParseResult result, List<string> faults) =>
        ReadNumber(result, _agentsPerGroup, FileAgentStore.DefaultLimit, faults);

    private static int ReadNumber(ParseResult result, Option<int?> option, int standard, List<string> faults)
    {
        var number = result.GetValue(option) ?? standard;
        RequireOne(option, number, faults);
        return number;
    }

    private static void RequireOne(Option option, int? number, List<string> faults)
    {
        if (number <= 0)
            faults.Add($"{option.Name} '{number}' must be at least 1");
    }

    public Rate ReadNewAgents(ParseResult result, List<string> faults)
    {
        if (result.GetValue(_newAgentRate) is not { } rate)
            return NewAgents.DefaultRate;
        RequireOne(_newAgentRate, rate, faults);
        return NewAgents.CreateRate(rate);
    }

    public ConnectionSettings ReadConnections(ParseResult result, List<string> faults)
    {
        var connections = new ConnectionSettings();
        var (total, client, idle) = (result.GetValue(_connections), result.GetValue(_clientConnections), result.GetValue(_idleTimeout));
        RequireOne(_connections, total, faults);
        RequireOne(_clientConnections, client, faults);
        if (idle is < 1 or > 86_400)
            faults.Add($"--idle-timeout '{idle}' is not a number of seconds from 1 to 86400");
        return connections with
        {
            Total = total ?? connections.Total,
            PerClient = client,
            RegisteredSidecars = ReadNumber(result, _registeredSidecars, ConnectionBudget.DefaultRegisteredSidecars, faults),
            Idle = idle is { } seconds ? TimeSpan.FromSeconds(seconds) : connections.Idle,
        };
    }
}
