using System.Globalization;
using System.Text;

namespace SmmDashboard.Status;

/// <summary>A metric in the Prometheus text format.</summary>
/// <param name="Name">The name, for example <c>smm_dashboard_watch_age_seconds</c>.</param>
/// <param name="Type"><c>gauge</c> or <c>counter</c>.</param>
/// <param name="Help">The description, one line.</param>
/// <param name="Samples">The values with their labels.</param>
public sealed record Metric(string Name, string Type, string Help, IReadOnlyList<Sample> Samples)
{
    public static Metric Gauge(string name, string help, params Sample[] samples) => new(name, "gauge", help, samples);

    public static Metric Counter(string name, string help, params Sample[] samples) => new(name, "counter", help, samples);

    public void WriteTo(StringBuilder text)
    {
        text.Append("# HELP ").Append(Name).Append(' ').Append(Escaped(Help)).Append('\n');
        text.Append("# TYPE ").Append(Name).Append(' ').Append(Type).Append('\n');
        foreach (var sample in Samples)
        {
            text.Append(Name);
            if (sample.Labels.Count > 0)
            {
                var labels = sample.Labels.Select(label => $"{label.Name}=\"{EscapedLabel(label.Value)}\"");
                text.Append('{').AppendJoin(',', labels).Append('}');
            }

            text.Append(' ').Append(sample.Value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
        }
    }

    private static string EscapedLabel(string text) => Escaped(text).Replace("\"", "\\\"", StringComparison.Ordinal);

    private static string Escaped(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
}

/// <summary>A value of a metric.</summary>
public sealed record Sample(double Value, params IReadOnlyList<(string Name, string Value)> Labels);

/// <summary>A component that has metrics.</summary>
public interface IMetricSource
{
    IEnumerable<Metric> Metrics { get; }
}
