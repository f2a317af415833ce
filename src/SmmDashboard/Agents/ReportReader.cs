using System.Globalization;
using SmmAgent.Contract;

namespace SmmDashboard.Agents;

/// <summary>Reads the report of an agent strictly. Every fault names its member.</summary>
internal static class ReportReader
{
    private static readonly string[] Statuses = ["True", "False", "Unknown"];

    // RFC 3339: the offset is required, a fraction of a second is optional.
    private static readonly string[] Formats =
    [
        "yyyy-MM-ddTHH:mm:ssZ", "yyyy-MM-ddTHH:mm:ss.FFFFFFFZ", "yyyy-MM-ddTHH:mm:sszzz", "yyyy-MM-ddTHH:mm:ss.FFFFFFFzzz",
    ];

    public static AgentReport Read(ObjectReader report)
    {
        var host = report.Object("host");
        var versions = report.Object("versions");
        return new AgentReport
        {
            Host = new HostReport(
                host.String("hostname", Text, mayBeEmpty: true),
                host.String("os", Text, mayBeEmpty: true),
                host.String("architecture", Text, mayBeEmpty: true)),
            Address = report.Find("address", required: false) is null ? null : ReadAddress(report.Object("address")),
            InterfaceAddresses = report.Strings("interfaceAddresses", InterfaceAddress, required: true),
            Versions = new VersionReport(versions.String("agent", Text), versions.OptionalString("sidecar", Text, mayBeEmpty: true)),
            Conditions = report.List("conditions", ReadCondition, required: true),
            ReportedAt = ReadTime(report, "reportedAt"),
            Instance = report.OptionalString("instance", NameRules.Instance),
            Detached = report.OptionalFlag("detached"),
        };
    }

    private static AddressReport ReadAddress(ObjectReader address) =>
        new(address.String("value", PlainAddress), address.String("source", Text, mayBeEmpty: true));

    private static Condition ReadCondition(ObjectReader condition) => new()
    {
        Type = condition.String("type", Text),
        Status = condition.String("status", Status),
        Reason = condition.String("reason", Text),
        Message = condition.String("message", mayBeEmpty: true),
        LastTransitionTime = ReadTime(condition, "lastTransitionTime"),
    };

    private static DateTimeOffset ReadTime(ObjectReader reader, string name)
    {
        var text = reader.String(name, Time);
        return TryTime(text, out var time) ? time : default;
    }

    private static string? Time(string value) =>
        TryTime(value, out _) ? null : $"'{NameRules.Shown(value)}' is not an RFC 3339 time";

    private static bool TryTime(string value, out DateTimeOffset time) =>
        DateTimeOffset.TryParseExact(value, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out time);

    private static string? PlainAddress(string value) =>
        NameRules.IsIPAddress(value) ? null : $"'{NameRules.Shown(value)}' is not an IP address";

    // An address may have a scope, for example fe80::1%eth0.
    private static string? InterfaceAddress(string value) => PlainAddress(value.Split('%', 2)[0]);

    private static string? Status(string value) =>
        Statuses.Contains(value) ? null : $"'{NameRules.Shown(value)}' is not True, False or Unknown";

    private static string? Text(string value) =>
        value.Length <= 1024 ? null : "is longer than 1024 characters";
}
