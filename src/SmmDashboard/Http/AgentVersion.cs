using SmmAgent.Contract;

namespace SmmDashboard.Http;

/// <summary>The version in <c>User-Agent: smm-agent/X.Y.Z</c>.</summary>
public static class AgentVersion
{
    private const string Product = "smm-agent/";

    /// <summary>Reads the version from a User-Agent header; null when the client is not an agent.</summary>
    public static Version? FromUserAgent(string userAgent) =>
        userAgent.StartsWith(Product, StringComparison.Ordinal) ? Parse(userAgent[Product.Length..].Split(' ', 2)[0]) : null;

    /// <summary>Parses X.Y.Z and ignores the rest after a '-' or '+'.</summary>
    public static Version? Parse(string text)
    {
        var core = text.Split('-', '+')[0];
        return core.Count(c => c == '.') == 2 && core.All(c => char.IsAsciiDigit(c) || c == '.') && Version.TryParse(core, out var version)
            ? version
            : null;
    }

    public static string? Rule(string value) =>
        Parse(value) is null ? $"'{NameRules.Shown(value)}' is not a version of the form X.Y.Z" : null;
}
