namespace SmmDashboard.Status;

/// <summary>A page of the status address that another folder provides.</summary>
/// <param name="Path">The path, with a slash.</param>
/// <param name="ContentType">The type of the content.</param>
/// <param name="Content">Returns the present content.</param>
public sealed record StatusPage(string Path, string ContentType, Func<string> Content);
