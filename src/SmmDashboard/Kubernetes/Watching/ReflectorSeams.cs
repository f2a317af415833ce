namespace SmmDashboard.Kubernetes.Watching;

/// <summary>The dependencies of a reflector.</summary>
/// <param name="Time">The clock.</param>
/// <param name="Random">Spreads what many replicas would do at the same moment.</param>
/// <param name="Log">Receives each new fault once.</param>
/// <param name="PageSize">How many objects a page of a list has at most.</param>
/// <param name="MayBeAbsent">Whether the kind is optional: its absence is no warning.</param>
public sealed record ReflectorSeams(TimeProvider Time, Random Random, ILogger Log, int PageSize = 500, bool MayBeAbsent = false);
