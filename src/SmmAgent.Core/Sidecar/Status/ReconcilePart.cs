using System.Text.Json;
using System.Text.Json.Serialization;
using SmmAgent.Contract;

namespace SmmAgent.Core.Sidecar.Status;

/// <summary>The part of the privileged reconcile that a step belongs to.</summary>
[JsonConverter(typeof(ReconcilePartConverter))]
public enum ReconcilePart
{
    /// <summary>A part of another version, which this one does not know.</summary>
    Unknown,

    /// <summary>The sidecar's package.</summary>
    Package,

    /// <summary>The sidecar's files.</summary>
    Files,

    /// <summary>The istio-token.</summary>
    Token,

    /// <summary>istio.service and its capture of traffic.</summary>
    Unit,

    /// <summary>The agent's own package.</summary>
    Upgrade,
}

/// <summary>Reads and writes a <see cref="ReconcilePart"/>.</summary>
public sealed class ReconcilePartConverter() : TolerantEnumConverter<ReconcilePart>(JsonNamingPolicy.CamelCase, ReconcilePart.Unknown);

/// <summary>The texts of <see cref="ReconcilePart"/>.</summary>
public static class ReconcileParts
{
    /// <summary>The text for the journal, as in the report.</summary>
    public static string Text(this ReconcilePart part) => JsonNamingPolicy.CamelCase.ConvertName($"{part}");
}
