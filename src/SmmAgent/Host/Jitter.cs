namespace SmmAgent.Host;

/// <summary>Random numbers that spread retries over time. They protect nothing.</summary>
internal static class Jitter
{
#pragma warning disable RS0030, CA5394 // The only source of randomness that is not cryptographic.
    /// <summary>A number from 0 (inclusive) to 1 (exclusive).</summary>
    public static double Next() => Random.Shared.NextDouble();
#pragma warning restore RS0030, CA5394
}
