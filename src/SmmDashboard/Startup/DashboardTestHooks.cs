using SmmDashboard.Access;
using SmmDashboard.Admin.Viewers;
using SmmDashboard.DialBack;
using SmmDashboard.Tokens;

namespace SmmDashboard.Startup;

/// <summary>Dependencies that a test may replace.</summary>
public sealed record DashboardTestHooks
{
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    // The only source of randomness.
#pragma warning disable RS0030
    public Random Random { get; init; } = Random.Shared;
#pragma warning restore RS0030

    public AddressPolicy Addresses { get; init; } = new();

    /// <summary>Replaces the validator of the embedded mode; null keeps it.</summary>
    public ITokenValidator? TokenValidator { get; init; }

    /// <summary>Replaces the renewal of tokens of the embedded mode; null keeps it.</summary>
    public IAgentTokens? AgentTokens { get; init; }

    /// <summary>Replaces the viewers of the embedded mode, so that a browser must sign in; null keeps them.</summary>
    public IViewers? Viewers { get; init; }
}
