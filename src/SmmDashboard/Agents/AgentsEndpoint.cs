using System.Text.Json;
using SmmDashboard.Access;
using SmmDashboard.Groups;
using SmmDashboard.Http;
using SmmDashboard.Status;

namespace SmmDashboard.Agents;

/// <summary><c>PUT GROUP/agents/{uuid}</c>: stores the report of an agent.</summary>
public sealed class AgentsEndpoint(GroupAccess access, IAgentStore agents, TimeProvider clock) : IMetricSource
{
    public const int MaximumBody = 256 * 1024;

    private static readonly TimeSpan Later = TimeSpan.FromSeconds(60);

    private readonly LabelledCounter _reports = new(
        "smm_dashboard_reports_total", "Reports of agents by outcome.", "outcome", [.. Enum.GetValues<ReportOutcome>().Select(Name)]);

    public IEnumerable<Metric> Metrics => [_reports.Metric];

    public void Map(IEndpointRouteBuilder routes) => routes.MapApi(HttpMethods.Put, PresentedAgent.Pattern, PutAsync);

    private async Task<ApiProblem?> PutAsync(HttpContext context)
    {
        var (admitted, problem) = await access.EnterAsync(context);
        if (admitted is null)
            return problem;

        if (await RequestBody.ReadAsync(context, MaximumBody) is not { } body)
            return ApiProblem.BodyTooLarge(MaximumBody);

        if (!PresentedAgent.TryRead(context, out var identity, out problem)
            || !body.TryParse(ReportReader.Read, out var report, out problem))
            return problem;

        var outcome = await agents.ReportAsync(admitted.Group.Id, identity, report, context.RequestAborted);
        _reports.Add(Name(outcome));
        problem = outcome switch
        {
            ReportOutcome.Kept => null,
            ReportOutcome.KeyMismatch => ApiProblem.AgentKeyMismatch(),
            ReportOutcome.Duplicate =>
                ApiProblem.DuplicateIdentity(await HostsAsync(admitted.Group.Id, identity.Uuid, context.RequestAborted)),
            ReportOutcome.TooManyNew => ApiProblem.TooManyRequests("too many agents of this WorkloadGroup are new", Later),
            ReportOutcome.Full => ApiProblem.Unavailable("the WorkloadGroup has the maximum number of agents", Later),
            _ => ApiProblem.Unavailable("the dashboard cannot store reports now; the reason is in its log", Later),
        };
        if (problem is null)
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        return problem;
    }

    private static string Name(ReportOutcome outcome) => JsonNamingPolicy.KebabCaseLower.ConvertName($"{outcome}");

    private async Task<string> HostsAsync(GroupId group, Guid uuid, CancellationToken cancel) =>
        (await agents.FindAsync(group, uuid, cancel))?.Instances.Hosts(clock.GetUtcNow()) ?? "";
}
