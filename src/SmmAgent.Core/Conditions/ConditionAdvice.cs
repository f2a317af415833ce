using System.Text.RegularExpressions;

namespace SmmAgent.Core.Conditions;

/// <summary>A message of a condition in its two parts: the finding, and the fix if the message has a command.</summary>
/// <param name="Finding">What is wrong.</param>
/// <param name="Fix">The fix from the message: a command, or a sentence with a command; null without one.</param>
public sealed partial record ConditionAdvice(string Finding, string? Fix)
{
    private const string LogQuote = "; the sidecar's log: ";
    private const string Says = ", and says '";

    /// <summary>Whether the fix is a command that can be run as it is.</summary>
    public bool IsCommand => Fix is not null && AtStart().IsMatch(Fix.AsSpan()) && !Fix.Contains("; ", StringComparison.Ordinal)
        && !Fix.Contains(", ", StringComparison.Ordinal);

    /// <summary>
    /// Splits a message, which has the form <c>finding; fix</c> or <c>finding: command</c>. The fix begins with the clause of the first
    /// command, so that its precondition ("once the dashboard is reachable: …") is not lost.
    /// </summary>
    public static ConditionAdvice From(string message)
    {
        var quote = message.IndexOf(LogQuote, StringComparison.Ordinal);
        var (advice, log) = quote < 0 ? (message, "") : (message[..quote], message[quote..]);
        if (Command().Match(WithoutQuotations(advice)) is not { Success: true } match)
            return new(message, null);

        var command = match.Groups["command"].Index;
        var clause = advice.LastIndexOf("; ", command, StringComparison.Ordinal);
        var start = clause >= 0 ? clause + 2 : command;
        var finding = clause >= 0 ? advice[..clause] : advice[..command].TrimEnd();
        if (clause < 0 && (!finding.EndsWith(':') || finding.EndsWith("then:", StringComparison.Ordinal)))
            return new(message, null); // the command is in the middle of a sentence

        var fix = LeadIn().Replace(advice[start..], _ => "");
        var rest = Remark().Match(fix);
        if (rest.Success)
            (fix, finding) = (fix[..rest.Index], $"{finding.TrimEnd(':')}{fix[rest.Index..]}");
        return new($"{LastLeadIn().Replace(finding, _ => "").TrimEnd(':', ';', ' ')}{log}", fix);
    }

    // A text that another program wrote, in parentheses or after "and says", may contain a command that is not ours. The result has the
    // same length.
    private static string WithoutQuotations(string text)
    {
        var result = text.ToCharArray();
        var depth = 0;
        for (var at = 0; at < result.Length; at++)
        {
            depth += text[at] == '(' ? 1 : 0;
            if (depth > 0)
                result[at] = '.';
            depth -= depth > 0 && text[at] == ')' ? 1 : 0;
        }

        if (text.IndexOf(Says, StringComparison.Ordinal) is var said and >= 0 && text.LastIndexOf('\'') is var end && end > said)
            result.AsSpan(said..end).Fill('.');
        return new(result);
    }

    [GeneratedRegex(@"(?:^|[ (])(?<command>(?:sudo|kubectl|tr -d -|curl -) ?\S)")]
    private static partial Regex Command();

    [GeneratedRegex("^(?:sudo |kubectl |tr -d |curl -)")]
    private static partial Regex AtStart();

    // "run: sudo …" is the same advice as "sudo …".
    [GeneratedRegex("^(?:run|do|then|to be sure)[:,]? (?=sudo |kubectl )")]
    private static partial Regex LeadIn();

    [GeneratedRegex("(?:; |, )?(?:run|do)$|(?:; |, )?(?:run|do): ?$")]
    private static partial Regex LastLeadIn();

    // Clauses after the fix that describe the state in the meantime.
    [GeneratedRegex(";(?= (?:the present configuration stays|meanwhile the last good|there is no earlier configuration)).*$")]
    private static partial Regex Remark();
}
