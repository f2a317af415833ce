using SmmAgent.Core.Time;

namespace SmmAgent.Core.Address;

/// <summary>When to look for the address again without a reason.</summary>
public static class AddressSchedule
{
    public static readonly TimeSpan WhenKnown = TimeSpan.FromMinutes(10);
    public static readonly TimeSpan FirstRetry = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan LastRetry = TimeSpan.FromMinutes(5);

    private static readonly ExponentialBackoff Retry = new(FirstRetry, LastRetry);

    /// <summary>Looks that come sooner than this after each other, for the same configuration, are one: a burst of changes on the host asks once.</summary>
    public static readonly TimeSpan AtMostOnceIn = TimeSpan.FromSeconds(2);

    /// <param name="failures">How many looks in a row found nothing fresh.</param>
    public static TimeSpan Next(int failures) => failures == 0 ? WhenKnown : Retry.After(failures);
}
