using SmmAgent.Contract;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Settings;

/// <summary>The settings in force, and what is wrong with the newest edit.</summary>
/// <param name="Settings">The last good settings; empty ones before any file exists.</param>
/// <param name="Errors">Why the newest edit was refused; empty when it is in force.</param>
/// <param name="Warnings">What was accepted but is probably not meant, for example an unknown key.</param>
public sealed record SettingsState(AgentSettings Settings, IReadOnlyList<InputError> Errors, IReadOnlyList<InputError> Warnings)
{
    /// <summary>
    /// Changes when the file of the bearer token or of <c>dashboard.caFile</c> is replaced; contains nothing of their content.
    /// </summary>
    /// <remarks>
    /// The client reads <c>dashboard.caFile</c> once, so a new stamp makes a new client. It reads the token for each request: there the
    /// stamp only discards the connections and the failures of the old token, so that the new one is tried at once.
    /// </remarks>
    public string CredentialStamp { get; init; } = "";

    /// <summary>What is known of the bearer token; null before it was looked at.</summary>
    public TokenFacts? Token { get; init; }

    public static SettingsState Empty { get; } = new(new AgentSettings(), [], []);

    /// <summary>The text in place of advice about settings that are unknown.</summary>
    public const string UnknownReason = "agent.yaml was not read, so its settings are not known; see ConfigCurrent";

    /// <summary>
    /// Whether none were read since the start: then the settings here are the defaults, and the operator may have written others.
    /// </summary>
    public bool AreUnknown => Errors.Count > 0 && ReferenceEquals(Settings, Empty.Settings);
}
