using System.Diagnostics;
using System.Globalization;
using System.Reflection;

namespace SmmDashboard.Status;

/// <summary>The version, and the metrics of the process that every client library of Prometheus has. Read at each scrape.</summary>
public sealed class ProcessMetrics : IMetricSource
{
    private const string OpenFilesLimit = "Max open files";

    private static readonly string Version =
        typeof(ProcessMetrics).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    public IEnumerable<Metric> Metrics
    {
        get
        {
            using var process = Process.GetCurrentProcess();
            var started = new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000.0;
            return
            [
                Metric.Gauge("smm_dashboard_build_info", "The version of the dashboard; always 1.", new Sample(1, ("version", Version))),
                Metric.Counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
                    new Sample(process.TotalProcessorTime.TotalSeconds)),
                Metric.Gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.", new Sample(started)),
                Metric.Gauge("process_resident_memory_bytes", "Resident memory size in bytes.", new Sample(process.WorkingSet64)),
                Metric.Gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", new Sample(process.VirtualMemorySize64)),
                Metric.Gauge("process_open_fds", "Number of open file descriptors.", new Sample(process.HandleCount)),
                Metric.Gauge("process_max_fds", "Maximum number of open file descriptors.",
                    MaximumOpenFiles() is { } limit ? [new Sample(limit)] : []),
            ];
        }
    }

    // "Max open files            1024                 524288               files": the soft limit is the first number.
    private static long? MaximumOpenFiles()
    {
        try
        {
            var line = File.ReadLines("/proc/self/limits").First(line => line.StartsWith(OpenFilesLimit, StringComparison.Ordinal));
            var limit = line[OpenFilesLimit.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0];
            return long.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return null;
        }
    }
}
