using System.Globalization;
using SmmAgent.Contract;

namespace SmmDashboard.Http;

/// <summary>The preference <c>wait=SECONDS</c> of the header <c>Prefer</c> (RFC 7240). A preference that is malformed is none.</summary>
public static class Preference
{
    /// <summary>The seconds to wait, at most <see cref="DashboardApi.MaximumWaitSeconds"/>; null without the preference.</summary>
    public static int? Wait(IEnumerable<string?> headers)
    {
        foreach (var preference in headers.SelectMany(header => (header ?? "").Split(',')))
        {
            var pair = preference.Split(';')[0].Split('=', 2, StringSplitOptions.TrimEntries);
            if (pair.Length != 2 || !pair[0].Equals("wait", StringComparison.OrdinalIgnoreCase))
                continue;

            var seconds = pair[1].Trim('"');
            if (seconds.Length == 0 || !seconds.All(char.IsAsciiDigit))
                return null;

            return int.TryParse(seconds, NumberStyles.None, CultureInfo.InvariantCulture, out var value)
                ? Math.Min(value, DashboardApi.MaximumWaitSeconds)
                : DashboardApi.MaximumWaitSeconds;
        }

        return null;
    }
}
