using SmmAgent.Contract;

namespace SmmAgent.Core.Address;

/// <summary>When the address is determined again without an event.</summary>
public static class AddressSchedule
{
    public static readonly TimeSpan WhenKnown = TimeSpan.FromMinutes(10);
    public static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan LastRetry = TimeSpan.FromMinutes(5);

    private static readonly ExponentialBackoff Retry = new(FirstRetry, LastRetry);

    /// <summary>
    /// The shortest time between two queries for the same configuration: a burst of changes on the host causes one query.
    /// </summary>
    public static readonly TimeSpan AtMostOnceIn = TimeSpan.FromSeconds(2);

    /// <param name="failures">The number of queries in a row without a new answer.</param>
    public static TimeSpan Next(int failures) => failures == 0 ? WhenKnown : Retry.After(failures);
}
