namespace SmmDashboard.Kubernetes.Tokens;

/// <summary>Which tokens agents may present.</summary>
/// <param name="Audience">The audience of the tokens.</param>
/// <param name="AcceptApiServerTokens">
/// Whether tokens for the API server are also accepted. Each of them also opens the Kubernetes API to its holder.
/// </param>
public sealed record TokenOptions(string Audience = "smm-dashboard", bool AcceptApiServerTokens = false);
