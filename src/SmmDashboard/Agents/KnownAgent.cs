using System.Net;
using System.Security.Cryptography;

namespace SmmDashboard.Agents;

/// <summary>What the dashboard remembers of an agent: its key, and what its last report says that other calls need.</summary>
public sealed record KnownAgent(byte[] KeySha256, IPAddress? Address, DateTimeOffset SeenAt)
{
    public bool HasKey(AgentIdentity identity) => CryptographicOperations.FixedTimeEquals(KeySha256, identity.KeySha256);
}
