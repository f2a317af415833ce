namespace SmmAgent.Contract;

/// <summary>The verdict about a VM, and the condition that decides it.</summary>
/// <param name="State">The verdict.</param>
/// <param name="Decisive">The first condition that does not hold, or that a start waits for; null if there is none.</param>
/// <typeparam name="T">The type of a condition.</typeparam>
public readonly record struct AttachmentEvaluation<T>(AttachmentState State, T? Decisive)
    where T : class;

/// <summary>
/// Decides from the conditions of a VM whether it is attached. The agent and the dashboard use this rule, so that both give the same
/// answer. docs/decisions/0029-one-verdict.md has the reasons.
/// </summary>
public static class AttachmentRule
{
    private const string ConfigCurrent = nameof(ConfigCurrent);
    private const string AddressKnown = nameof(AddressKnown);
    private const string GatewaysReachable = nameof(GatewaysReachable);
    private const string PortsOpen = nameof(PortsOpen);
    private const string SidecarInstalled = nameof(SidecarInstalled);
    private const string SidecarRunning = nameof(SidecarRunning);
    private const string Registered = nameof(Registered);
    private const string Healthy = nameof(Healthy);

    private const string Degraded = nameof(Degraded);
    private const string Pending = nameof(Pending);
    private const string NotConfigured = nameof(NotConfigured);

    // Without one of these, no traffic passes between the mesh and the VM.
    private static readonly string[] Vital = [AddressKnown, GatewaysReachable, SidecarInstalled, Registered];

    private static readonly string[] AwaitedAtStart = [ConfigCurrent, AddressKnown, GatewaysReachable, PortsOpen];

    // Without any of these, nothing is known of the VM.
    private static readonly string[] Evidence = [.. AwaitedAtStart, SidecarInstalled, SidecarRunning, Registered];

    // The last good configuration is in use while a newer one is missing, so ConfigCurrent comes late.
    private static readonly string[] Order =
    [
        AddressKnown, GatewaysReachable, PortsOpen, "ReachableFromCluster", SidecarInstalled, SidecarRunning, "SidecarCurrent", Registered,
        Healthy, ConfigCurrent, "TokenCurrent", "DashboardReachable",
    ];

    /// <summary>Evaluates conditions of any version of the agent. A condition that is missing counts as one that holds.</summary>
    /// <param name="conditions">The conditions of the VM.</param>
    /// <param name="read">Reads type, status and reason of a condition.</param>
    public static AttachmentEvaluation<T> Evaluate<T>(
        IReadOnlyList<T> conditions, Func<T, (string Type, string Status, string Reason)> read)
        where T : class
    {
        if (!conditions.Any(condition => Evidence.Contains(read(condition).Type)))
            return new(AttachmentState.Unknown, null);

        var problems = Problems(conditions, read);
        var first = problems.Count > 0 ? problems[0] : null;
        if (conditions.Any(condition => read(condition) is (ConfigCurrent, "False", NotConfigured)))
            return new(AttachmentState.NotConfigured, first);
        if (first is not null)
            return new(IsCutOff(problems, conditions, read) ? AttachmentState.NotAttached : AttachmentState.Degraded, first);

        var pending = conditions.FirstOrDefault(condition => IsPending(read(condition)));
        return new(pending is null ? AttachmentState.Attached : AttachmentState.Starting, pending);
    }

    /// <inheritdoc cref="Evaluate{T}"/>
    public static AttachmentEvaluation<Condition> Evaluate(IReadOnlyList<Condition> conditions) => Evaluate(conditions, Read);

    /// <summary>The conditions that do not hold or of which a part is missing, the most important first.</summary>
    public static IReadOnlyList<Condition> Problems(IReadOnlyList<Condition> conditions) => Problems(conditions, Read);

    /// <summary>Whether a start waits for a condition.</summary>
    public static bool IsPending(Condition condition) => IsPending(Read(condition));

    /// <summary>
    /// Whether a condition is expected to hold. Without a sidecar that the agent manages, nothing is expected to be registered.
    /// </summary>
    public static bool IsExpected(string type, IEnumerable<Condition> conditions) => IsExpected(type, conditions, Read);

    /// <inheritdoc cref="IsExpected(string, IEnumerable{Condition})"/>
    public static bool IsExpected<T>(
        string type, IEnumerable<T> conditions, Func<T, (string Type, string Status, string Reason)> read)
        where T : class =>
        type is not (Registered or Healthy) || !conditions.Any(condition => IsDisabledSidecar(read(condition)));

    /// <summary>Whether no traffic passes between the mesh and the VM while a condition is False.</summary>
    public static bool IsVital(string type, IEnumerable<Condition> conditions) => Vital.Contains(type) && IsExpected(type, conditions);

    private static List<T> Problems<T>(IReadOnlyList<T> conditions, Func<T, (string Type, string Status, string Reason)> read)
        where T : class
    {
        var isManaged = !conditions.Any(condition => IsDisabledSidecar(read(condition)));
        var failed = conditions.Where(condition => read(condition) is (var type, "False", _)
            && (isManaged || type is not (Registered or Healthy))).ToList();
        string[] order = HasMeshConfig(conditions, read) ? Order : [ConfigCurrent, .. Order];
        // A condition of a newer version is the last one.
        return
        [
            .. failed.OrderBy(condition => Array.IndexOf(order, read(condition).Type) is >= 0 and var place ? place : order.Length),
            .. conditions.Where(condition => read(condition) is (_, not "False", Degraded)),
        ];
    }

    // Without a configuration in effect, no gateway is known that could be probed.
    private static bool HasMeshConfig<T>(IReadOnlyList<T> conditions, Func<T, (string Type, string Status, string Reason)> read)
        where T : class =>
        !conditions.Any(condition => read(condition) is (ConfigCurrent, not "True", _))
        || conditions.Any(condition => read(condition) is (GatewaysReachable, _, not (NotConfigured or Pending)));

    private static bool IsCutOff<T>(
        List<T> problems, IReadOnlyList<T> conditions, Func<T, (string Type, string Status, string Reason)> read)
        where T : class =>
        !HasMeshConfig(conditions, read)
        || problems.Exists(condition => read(condition) is (var type, "False", _) && Vital.Contains(type));

    private static bool IsPending((string Type, string Status, string Reason) condition) => condition switch
    {
        (SidecarRunning, "Unknown", "Starting" or Pending) => true,
        (_, _, Pending) => AwaitedAtStart.Contains(condition.Type),
        _ => false,
    };

    private static bool IsDisabledSidecar((string Type, string Status, string Reason) condition) =>
        condition is (SidecarRunning, _, "Disabled");

    private static (string Type, string Status, string Reason) Read(Condition condition) =>
        (condition.Type, condition.Status, condition.Reason);
}
