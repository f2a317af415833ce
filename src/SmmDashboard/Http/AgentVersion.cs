using SmmAgent.Contract;

namespace SmmDashboard.Http;

/// <summary>The version in <c>User-Agent: smm-agent/X.Y.Z</c>.</summary>
public static class AgentVersion
{
    private const string Product = "smm-agent/";

    /// <summary>The version of the agent that asks; null when something else asks.</summary>
    public static Version? FromUserAgent(string userAgent) =>
        userAgent.StartsWith(Product, StringComparison.Ordinal) ? Parse(userAgent[Product.Length..].Split(' ', 2)[0]) : null;

    /// <summary>Reads X.Y.Z; what follows a '-' or '+' does not count.</summary>
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
