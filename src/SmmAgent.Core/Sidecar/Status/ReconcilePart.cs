using System.Text.Json;
using SmmAgent.Contract;

namespace SmmAgent.Core.Sidecar.Status;

/// <summary>The part of the privileged reconcile that a step belongs to.</summary>
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

/// <summary>The texts of <see cref="ReconcilePart"/>.</summary>
public static class ReconcileParts
{
    private static readonly EnumTexts<ReconcilePart> Texts = new(JsonNamingPolicy.CamelCase, ReconcilePart.Unknown);

    /// <summary>The text for the report and the journal.</summary>
    public static string Text(this ReconcilePart part) => Texts.Text(part);

    public static ReconcilePart Parse(string text) => Texts.Parse(text);
}
