using SmmDashboard.Access;
using SmmDashboard.DialBack;
using SmmDashboard.Embedded.Agents;
using SmmDashboard.Tokens;

namespace SmmDashboard.Startup;

/// <summary>What a test may give instead of the real thing.</summary>
public sealed record DashboardTestHooks
{
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    // The one place that randomness comes from.
#pragma warning disable RS0030
    public Random Random { get; init; } = Random.Shared;
#pragma warning restore RS0030

    public AddressPolicy Addresses { get; init; } = new();

    public DialBackRates.Settings DialBackRates { get; init; } = new();

    /// <summary>In the embedded mode; null for its own.</summary>
    public ITokenValidator? TokenValidator { get; init; }

    /// <summary>In the embedded mode; null for its own.</summary>
    public IAgentTokens? AgentTokens { get; init; }

    public int AgentsPerGroup { get; init; } = FileAgentStore.DefaultLimit;
}
