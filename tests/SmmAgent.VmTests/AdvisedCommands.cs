using System.Text.RegularExpressions;

namespace SmmAgent.VmTests;

/// <summary>The commands in a message of the agent, as an operator copies them.</summary>
internal static partial class AdvisedCommands
{
    /// <summary>Each command once: from "sudo" to the end of its part of the sentence.</summary>
    public static string[] FindAll(string message) => [.. Command().Matches(message).Select(match => match.Value.TrimEnd()).Distinct()];

    /// <summary>The one command in a message.</summary>
    public static string FindOne(string message) =>
        FindAll(message) is [var only] ? only : throw new InvalidOperationException($"there is not one command in: {message}");

    [GeneratedRegex(@"\bsudo [^;\n]+?(?=;|\n|$| \(|, then|, or)")]
    private static partial Regex Command();
}
