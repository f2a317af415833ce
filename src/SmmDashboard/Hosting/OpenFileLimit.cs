using System.Globalization;

namespace SmmDashboard.Hosting;

/// <summary>The limit on the open files of this process (RLIMIT_NOFILE). Each connection is an open file.</summary>
public static class OpenFileLimit
{
    /// <summary>Reads the current limit, which the runtime has raised to the hard limit; null when it is unknown.</summary>
    public static int? Read()
    {
        try
        {
            return Parse(File.ReadLines("/proc/self/limits"));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <param name="limits">The lines of <c>/proc/self/limits</c>.</param>
    public static int? Parse(IEnumerable<string> limits)
    {
        const string Name = "Max open files";
        var line = limits.FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal));
        var soft = line?[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit)
            ? (int)Math.Min(limit, int.MaxValue)
            : null;
    }
}
