using SmmAgent.Testbed;
using SmmAgent.Testbed.Trace;

namespace SmmAgent.NetnsTests;

/// <summary>The order file of the compiler, which <c>./build.sh order</c> makes.</summary>
public sealed class OrderFileTests
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task OrderFileNamesMostFunctionsThatRunAtIdle()
    {
        Assert.SkipUnless(Programs.Missing() is null, Programs.Missing() ?? "");
        var trace = await IdleTrace.RecordAsync(https: true, Idle);

        var listed = OrderFile.ReadIdle(Repository.PathOf("src", "SmmAgent", "methods.order"));
        var named = trace.Idle.Count(listed.Contains);

        Assert.True(trace.Idle.Count > 500, $"only {trace.Idle.Count} functions were recorded");
        Assert.True(
            named * 2 >= trace.Idle.Count,
            $"methods.order names only {named} of the {trace.Idle.Count} functions that the idle agent runs: run ./build.sh order");
    }
}
