namespace SmmDashboard.Status;

/// <summary>A counter with one label of few known values, all of which are written from the start.</summary>
public sealed class LabelledCounter(string name, string help, string label, params string[] values)
{
    private readonly long[] _counts = new long[values.Length];

    public Metric Metric => Metric.Counter(
        name, help, [.. values.Select((value, at) => new Sample(Interlocked.Read(ref _counts[at]), (label, value)))]);

    /// <param name="value">One of the known values; another one is not counted.</param>
    public void Add(string value)
    {
        var at = Array.IndexOf(values, value);
        if (at >= 0)
            Interlocked.Increment(ref _counts[at]);
    }
}
