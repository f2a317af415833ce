using System.Text.Json;
using SmmAgent.Contract;

namespace SmmDashboard.Embedded.Registration;

/// <summary>The first line that a sidecar sends.</summary>
public sealed record RegistrationRequest(
    string? Token,
    string Namespace,
    string Group,
    string ServiceAccount,
    string Address,
    string Network,
    Guid? Uuid,
    string? SigningRequest)
{
    /// <summary>The labels from the node metadata of the sidecar; empty when it sent none.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>The cluster that the sidecar expects the control plane to belong to; null when not sent.</summary>
    public string? ClusterId { get; init; }

    private const int Depth = 4;

    public static ReadResult<RegistrationRequest> Read(ReadOnlyMemory<byte> line)
    {
        using var document = StrictJson.Parse(line, out var wrong, Depth);
        if (document?.RootElement.ValueKind != JsonValueKind.Object)
            return Refused($"the line {wrong ?? "is not a JSON object"}");

        var faults = new List<InputError>();
        var root = new ObjectReader(document.RootElement, "", faults);
        var request = new RegistrationRequest(
            root.OptionalString("token"),
            root.String("namespace"),
            root.String("group"),
            root.String("serviceAccount"),
            root.String("address"),
            root.OptionalString("network", mayBeEmpty: true) ?? "",
            root.OptionalString("uuid", UuidRule) is { } uuid && Guid.TryParseExact(uuid, "D", out var value) ? value : null,
            root.OptionalString("signingRequest"))
        {
            Labels = root.Map("labels"),
            ClusterId = root.OptionalString("clusterId", mayBeEmpty: true),
        };
        if (request.Labels.TryGetValue(EntryLabels.Revision, out var revision) && NameRules.LabelValue(revision) is { } fault)
            faults.Add(new InputError($"labels.{EntryLabels.Revision}", fault));
        return faults.Count == 0 ? ReadResult<RegistrationRequest>.Good(request) : ReadResult<RegistrationRequest>.Refused(faults);
    }

    // Omits the token, so that no message contains it.
    public override string ToString() => $"{Namespace}/{Group} as {ServiceAccount} at {Address}";

    private static string? UuidRule(string value) =>
        Guid.TryParseExact(value, "D", out _) ? null : $"'{NameRules.Shown(value)}' is not a uuid";

    private static ReadResult<RegistrationRequest> Refused(string reason) =>
        ReadResult<RegistrationRequest>.Refused([new InputError("", reason)]);
}
