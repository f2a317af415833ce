using System.Text;
using SmmAgent.Contract;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Status;
using SmmAgent.Core.Text;
using SmmAgent.Host;

namespace SmmAgent.Cli.Output;

/// <summary>
/// Formats a status as text: the verdict, each cause once with its fix, then groups of conditions.
/// docs/decisions/0026-verdict-and-causes.md describes the choices.
/// </summary>
/// <param name="host">The name of this host.</param>
/// <param name="isVerbose">Whether healthy groups are shown in full.</param>
public sealed class StatusText(AgentStatus status, string host, DateTimeOffset now, OutputStyle style, bool isVerbose)
{
    private const int MostProblems = 3;
    private const int MostDetails = 6;
    private const int TypeWidth = 22;

    private readonly StringBuilder _text = new();
    private readonly AttachmentProblem[] _problems = Problems(status);

    /// <summary>Lines between the verdict and the causes, such as a pending confirmation.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Why the status may not be that of now; null if it is.</summary>
    public string? StaleReason { get; init; }

    public string Write()
    {
        Verdict();
        foreach (var note in Notes)
            Line($"{style.Mark('!')} ", note, indent: 2);
        foreach (var problem in isVerbose ? _problems : _problems.Take(MostProblems))
            Problem(problem);
        if (!isVerbose && _problems.Length > MostProblems)
            Line("  ", $"+{_problems.Length - MostProblems} more problems: smm-agent status --verbose");

        _text.Append('\n');
        foreach (var group in StatusGroups.Create(status, now))
            Group(group);
        _text.Append('\n');
        Line("", $"smm-agent {status.Agent.Version}, updated {Age.Text(now - status.UpdatedAt)} ago"
            + (isVerbose
                ? $"; uuid {status.Agent.Uuid?.ToString() ?? "not generated yet"}; network model {status.Network.Model ?? "not known"}"
                : "; details: smm-agent status --verbose"));
        return style.Encode(_text.ToString());
    }

    /// <summary>The first line, also of a host whose daemon does not run.</summary>
    public static string Headline(AgentStatus status, string host, OutputStyle style, DateTimeOffset now)
    {
        var state = AttachmentStates.Parse(status.Attachment?.State);
        var code = state switch { AttachmentState.Attached => 32, AttachmentState.NotAttached => 31, _ => 33 };
        var group = status.WorkloadGroup is { } name ? $"  {OneLine.ReplaceUnprintable(name.ToString())}" : "";
        var since = status.Attachment?.Since is { } start ? $", for {Age.Text(now - start)}" : "";
        return $"{style.Bold(style.Colour(state.Title(), code))}{group}  on {OneLine.ReplaceUnprintable(host)}{since}\n";
    }

    private void Verdict()
    {
        if (StaleReason is null)
        {
            var attachment = status.Attachment ?? AttachmentStatus.From(Evaluate(status), null);
            _text.Append(Headline(status with { Attachment = attachment }, host, style, now));
            return;
        }

        var before = AttachmentStates.Parse(status.Attachment?.State).Title();
        _text.Append(Headline(status with { Attachment = new("unknown", null, null, null, null, null) }, host, style, now));
        Line($"{style.Mark('!')} ", $"{StaleReason}; it was {before}", indent: 2);
    }

    private void Problem(AttachmentProblem problem)
    {
        var reason = ExplainedReason(problem);
        var action = problem.Fix is null && reason is not null
            ? ConditionReference.BuiltIn.Find(problem.Condition!, reason)?.Action
            : null;
        _text.Append('\n');
        var holds = status.Conditions.Any(
            condition => condition.Type == problem.Condition && condition.Status == nameof(ConditionStatus.True));
        Line($"  {style.Mark(holds ? '!' : '✗')} ", problem.Message, indent: 4);
        if (problem.Effects.Count > 0)
            Line("    affects  ", string.Join(", ", problem.Effects), indent: 13);
        if (problem.Fix is { } fix)
            Command(fix, problem.IsCommand);
        else if (action is not null && !IsEmpty(action))
            Line("    fix      ", action, indent: 13);
        if (reason is not null)
            Line("    explain  ", $"smm-agent explain {reason}", indent: 13);
    }

    // A command is never broken: it is copied as one line.
    private void Command(string fix, bool isCommand)
    {
        if (isCommand)
            _text.Append("    fix      ").Append(OneLine.ReplaceUnprintable(fix)).Append('\n');
        else
            Line("    fix      ", fix, indent: 13);
    }

    private void Group(StatusGroup group)
    {
        if (group.Conditions.Count == 0 && !isVerbose)
            return;

        Line($"  {style.Mark(group.Mark)} {group.Title,-15}", group.Summary, indent: 19);
        var isFolded = !isVerbose && group.Mark is '✓' or '–';
        if (isFolded)
            return;

        foreach (var condition in group.Conditions)
            Condition(condition);
        var details = StatusGroups.Details(group.Title, status).Where(detail => isVerbose || detail.Mark == '✗').ToList();
        foreach (var detail in isVerbose ? details : details.Take(MostDetails))
            Line($"      {style.Mark(detail.Mark)} ", detail.Text, indent: 8);
        if (!isVerbose && details.Count > MostDetails)
            Line("      ", $"+{details.Count - MostDetails} more");
        if (isVerbose && group.Title == "Address" && status.Address is { } address)
            Line("        ", $"source: {address.Source}", indent: 8);
    }

    private void Condition(Condition condition)
    {
        var mark = StatusGroups.Mark(condition, status);
        if (!isVerbose && mark is '✓' or '–')
            return;

        var age = Age.Text(now - condition.LastTransitionTime);
        var cause = ConditionCauses.Root(condition, status.Conditions);
        var isAbove = _problems.Any(problem => problem.Condition == condition.Type);
        var text = isVerbose ? $"{condition.Message} [{condition.Reason}, {age}]"
            : cause != condition ? $"{condition.Reason}, because of {cause.Type}"
            : isAbove ? $"{condition.Reason}, for {age}"
            : $"{condition.Message} [{condition.Reason}, {age}]";
        Line($"      {style.Mark(mark)} {condition.Type,-TypeWidth}", text, indent: 8);
    }

    // Degraded does not explain which outcome the gateway has.
    private string? ExplainedReason(AttachmentProblem problem) =>
        problem is { Condition: ConditionType.GatewaysReachable, Reason: ConditionUpdate.Degraded }
        && status.Gateways.FirstOrDefault(gateway => gateway.Outcome != Outcome.Ok.Name()) is { } down
            ? Enum.GetValues<Outcome>().Where(outcome => outcome.Name() == down.Outcome).Select(outcome => outcome.Reason())
                .FirstOrDefault(ConditionUpdate.Degraded)
            : problem.Reason;

    private static bool IsEmpty(string action) => action is "nothing" or "follow the message" or "the message names the part";

    private static AttachmentVerdict Evaluate(AgentStatus status) => AttachmentVerdict.Evaluate(status.Conditions);

    // The daemon knows problems that are not conditions, such as a port that another program uses.
    private static AttachmentProblem[] Problems(AgentStatus status)
    {
        var found = Evaluate(status).Problems;
        // Of problems with the same reason, one that a command fixes comes first.
        var known = found.OrderBy(problem => found.TakeWhile(other => other.Reason != problem.Reason).Count())
            .ThenByDescending(problem => problem.IsCommand);
        return status.Attachment is { Condition: null, Message: { } message } first ? [new(message, first.Fix), .. known] : known.ToArray();
    }

    private void Line(string first, string rest, int indent = 0)
    {
        foreach (var line in TextWrap.Lines(first, new string(' ', indent), OneLine.ReplaceUnprintable(rest), style.Width))
            _text.Append(line).Append('\n');
    }
}
