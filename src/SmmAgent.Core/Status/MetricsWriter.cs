using System.Globalization;
using System.Text;

namespace SmmAgent.Core.Status;

/// <summary>Writes metrics in the text format of Prometheus.</summary>
internal sealed class MetricsWriter
{
    private readonly StringBuilder _text = new(12 * 1024);

    /// <summary>
    /// Begins a metric. Its samples follow. The description is written also if there is no sample, so that every metric can be found.
    /// </summary>
    public void Gauge(string name, string help) => Family(name, "gauge", help);

    /// <inheritdoc cref="Gauge"/>
    public void Counter(string name, string help) => Family(name, "counter", help);

    /// <summary>Writes a time in seconds since 1970. Without a time there is no sample: 1970 would trigger alerts about the age.</summary>
    public void Time(string name, string help, DateTimeOffset? time)
    {
        Gauge(name, help);
        if (time is { } known)
            Sample(name, Seconds(known));
    }

    public void Sample(string name, string value, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        _text.Append(name);
        for (var i = 0; i < labels.Length; i++)
            _text.Append(i == 0 ? '{' : ',').Append(labels[i].Name).Append("=\"").Append(Escaped(labels[i].Value)).Append('"');
        _text.Append(labels.Length > 0 ? "} " : " ").Append(value).Append('\n');
    }

    public override string ToString() => _text.ToString();

    public static string Number(bool value) => value ? "1" : "0";

    public static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    public static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    public static string Seconds(DateTimeOffset time) => Number(time.ToUnixTimeMilliseconds() / 1000.0);

    private void Family(string name, string type, string help) =>
        _text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n')
            .Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');

    private static string Escaped(string value) => value
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal);
}
