using System.Net;
using SmmAgent.Core.Network;

namespace SmmAgent.Core.Address;

public enum ProviderOutcome
{
    Answered,
    Refused,
    NoAnswer,
}

/// <summary>The result of querying one address provider.</summary>
/// <param name="Provider">Its URL as <see cref="Name"/> shows it.</param>
/// <param name="Address">The normalised address; null unless the provider answered with a valid one.</param>
/// <param name="Problem">Why there is none: <c>timed out after 5 s</c>, <c>'10.0.0.1' is a private address</c>; null when there is
/// one.</param>
public sealed record ProviderResult(string Provider, ProviderOutcome Outcome, IPAddress? Address, string? Problem)
{
    public static ProviderResult Answered(string provider, IPAddress address) => new(provider, ProviderOutcome.Answered, address, null);

    public static ProviderResult Refused(string provider, string problem) => new(provider, ProviderOutcome.Refused, null, problem);

    public static ProviderResult NoAnswer(string provider, string problem) => new(provider, ProviderOutcome.NoAnswer, null, problem);

    /// <summary>A provider's URL for people and files: without user, password and query, which may be secrets.</summary>
    public static string Name(Uri provider) => AddressProvider.Shown(provider);
}
