using System.Text.Json;
using SmmAgent.Contract;

namespace SmmDashboard.DialBack;

/// <summary>Reads the request of a dial-back.</summary>
internal static class DialBackReader
{
    public static DialBackRequest Read(ObjectReader request, WorkloadGroup group) =>
        new(ReadPorts(request, group), request.String("nonce", Nonce));

    private static List<int> ReadPorts(ObjectReader request, WorkloadGroup group)
    {
        if (request.Find("ports", required: true) is not { } list)
            return [];

        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() is 0 or > DashboardApi.MaximumDialBackPorts)
        {
            request.Refuse("ports", $"is not a list of 1 to {DashboardApi.MaximumDialBackPorts} ports");
            return [];
        }

        var allowed = group.Ports.Values.Append(DashboardApi.AgentPort).Append(DashboardApi.SidecarMetricsPort).ToHashSet();
        var ports = new List<int>();
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out var port) && allowed.Contains(port))
                ports.Add(port);
            else
            {
                request.Refuse(
                    "ports", $"{NameRules.Shown(item.GetRawText())} is not an allowed port; allowed: {string.Join(", ", allowed.Order())}");
            }
        }

        return [.. ports.Distinct()];
    }

    private static string? Nonce(string value) =>
        value.Length is >= 16 and <= 128 && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
            ? null
            : "is not 16 to 128 characters of base64url";
}
