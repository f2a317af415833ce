namespace SmmAgent.Testbed.Trace;

/// <summary>The functions that an attached agent runs, from its start to its idle state.</summary>
/// <param name="Start">The functions that ran from the start until the agent was idle.</param>
/// <param name="Idle">The functions that ran while the agent was idle.</param>
public sealed record IdleTrace(IReadOnlySet<string> Start, IReadOnlySet<string> Idle)
{
    // The daemon returns memory, also the pages of its functions, 15 s after its start. What runs later brings its pages back.
    private static readonly TimeSpan UntilIdle = TimeSpan.FromSeconds(16);

    /// <param name="duration">How long the idle agent is traced. Its longest usual interval is 60 s.</param>
    /// <param name="https">Whether the dashboard speaks https.</param>
    public static async Task<IdleTrace> RecordAsync(bool https, TimeSpan duration)
    {
        await using var testbed = await MeshTestbed.StartAsync(https);
        testbed.DropByDefault();
        foreach (var (_, port) in testbed.Mesh.Ports)
            await testbed.StartWorkloadAsync(port);
        using var trace = new FunctionTrace(testbed.Folder);
        await using var agent = new VmAgent(testbed);
        agent.Start(trace.Environment);
        var returned = Task.Delay(UntilIdle);
        await agent.UntilConditionAsync("ReachableFromCluster", "True");
        await returned;
        await trace.BeginAsync(1);
        await Task.Delay(duration);
        return agent.Process!.HasExited
            ? throw new InvalidOperationException($"the agent ended:\n{agent.Process.Output}")
            : new(trace.Ran(0).ToHashSet(), trace.Ran(1).ToHashSet());
    }
}
