using SmmAgent.Contract;
using SmmAgent.Core.Conditions;

namespace SmmAgent.Core.Status;

/// <summary>The verdict about a VM and the problems that lead to it, the worst first.</summary>
/// <param name="Pending">The conditions that a start waits for.</param>
public sealed record AttachmentVerdict(AttachmentState State, IReadOnlyList<AttachmentProblem> Problems, IReadOnlyList<string> Pending)
{
    /// <summary>Evaluates the conditions by the rule of the contract, and finds the causes of those that do not hold.</summary>
    public static AttachmentVerdict Evaluate(IReadOnlyList<Condition> conditions)
    {
        var failed = AttachmentRule.Problems(conditions).ToList();
        // A token that the dashboard refuses is named by ConfigCurrent.
        if (failed.Exists(condition => condition.Type == ConditionType.ConfigCurrent && ConditionCauses.Of(condition, conditions) is null))
            failed.RemoveAll(condition => condition.Type == ConditionType.TokenCurrent);
        var problems = ConditionCauses.Find(conditions, failed).Select(AttachmentProblem.From)
            .Select(problem => problem with
            {
                Effects = problem.Effects.Where(type => AttachmentRule.IsExpected(type, conditions)).ToArray(),
            }).ToList();
        var pending = conditions.Where(AttachmentRule.IsPending).Select(condition => condition.Type).ToList();
        return new(AttachmentRule.Evaluate(conditions).State, problems, pending);
    }
}
