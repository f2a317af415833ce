using SmmAgent.Core.Conditions;
using SmmAgent.Host.Rollback;

namespace SmmAgent.Tests.Cli;

/// <summary>The text of <c>smm-agent status</c>.</summary>
public sealed class StatusTextTests : StatusFixture
{
    [Fact]
    public async Task VerdictAndCausesComeFirstAndHealthyGroupsAreFolded()
    {
        Write(Status());
        Time.Advance(TimeSpan.FromSeconds(12));

        Assert.Equal(0, await RunAsync(Options()));
        Assert.Equal(
            """
            DEGRADED  vm-integration/analytics-v0  on db-17, for 3m

              ✗ 8080 [31m is closed
                fix      sudo smm-agent reconcile
                explain  smm-agent explain NotOpen

              ! 1 of 2 gateways
                fix      check that the gateway runs and that its service has this port
                explain  smm-agent explain Refused

              ✓ Configuration  1/1
              ! Gateways       1/2
                  ! GatewaysReachable     Degraded, for 3m
                  ✗ [2a00::1]:15012  refused  gw
              ✗ Ports          1/3
                  ✗ PortsOpen             NotOpen, for 3m
                  ✗ 8080   http: closed
              – Sidecar        off: not managed

            smm-agent 0.1.0, updated 12s ago; details: smm-agent status --verbose

            """,
            Output.ToString());
    }

    [Fact]
    public async Task VerboseShowsEveryConditionGatewayAndPort()
    {
        Write(Status());

        Assert.Equal(0, await RunAsync(Options() with { Verbose = true }));
        var text = Output.ToString();
        Assert.Contains("      ✓ ConfigCurrent         as the dashboard says [Current, 3m]\n", text, StringComparison.Ordinal);
        Assert.Contains("      ✓ 13.48.73.61:15012  ok  3.1 ms  gw\n", text, StringComparison.Ordinal);
        Assert.Contains("      ✓ 16400  agent: open, reached from the cluster\n", text, StringComparison.Ordinal);
        Assert.Contains("uuid 0327b100-a008-4364-a2b3-7d1777bb5b9a; network model different-network", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CauseOfFourConditionsIsPrintedOnce()
    {
        const string Cause = "gateway 13.48.73.61:15012 refused the connection";
        Write(Status() with
        {
            Attachment = new("not-attached", Time.GetUtcNow().AddHours(-2), "GatewaysReachable", "Refused", Cause, null),
            Conditions =
            [
                Condition(ConditionType.GatewaysReachable, "False", "Refused", Cause),
                Condition(ConditionType.SidecarRunning, "False", "NotReady", "the sidecar runs, but is not ready"),
                Condition(ConditionType.Registered, "False", "GatewayUnreachable", Cause),
                Condition(ConditionType.Healthy, "Unknown", "NotRegistered", "health is known only after registration"),
            ],
        });

        Assert.Equal(0, await RunAsync(Options()));
        var text = Output.ToString();
        Assert.StartsWith("NOT ATTACHED  vm-integration/analytics-v0  on db-17, for 2h\n", text, StringComparison.Ordinal);
        Assert.Equal(2, text.Split(Cause).Length);
        Assert.Contains("    affects  SidecarRunning, Registered, Healthy\n", text, StringComparison.Ordinal);
        Assert.Contains("      ✗ SidecarRunning        NotReady, because of GatewaysReachable\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(132)]
    public async Task NoLineIsWiderThanTheTerminal(int width)
    {
        var status = Status();
        var message = string.Join(' ', Enumerable.Repeat("日本 word", 40));
        Write(status with { Conditions = [.. status.Conditions.Select(condition => condition with { Message = message })] });

        foreach (var verbose in (bool[])[false, true])
            await RunAsync(Options() with { Verbose = verbose, Style = new(HasColour: true, Width: width) });
        // Identifiers and endpoints are not broken: they are copied.
        Assert.All(
            Output.ToString().Split('\n').Where(line => line.Contains("word", StringComparison.Ordinal)),
            line => Assert.True(SmmAgent.Core.Text.DisplayWidth.Of(line) <= width, line));
    }

    [Fact]
    public async Task WithoutUtf8TheTextIsAscii()
    {
        Write(Status());
        await RunAsync(Options() with { Style = new(IsUtf8: false) });

        Assert.True(System.Text.Ascii.IsValid(Output.ToString()));
        Assert.Contains("  + Configuration  1/1\n", Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OnATerminalTheMarksHaveColours()
    {
        Write(Status());
        await RunAsync(Options() with { Style = new(HasColour: true) });

        Assert.Contains("\e[32m✓\e[0m Configuration", Output.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("8080 \e[31m is", Output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, 17, "not confirmed: rolled back in 17 s; sudo smm-agent confirm")]
    [InlineData(false, -3, "not confirmed: the rollback is running; journalctl -u smm-agent-rollback")]
    [InlineData(true, -120, "the last reconcile was not confirmed and was rolled back 2m ago")]
    public async Task PendingConfirmationIsBelowTheVerdict(bool isRolledBack, int seconds, string note)
    {
        Write(Status());
        new ConfirmationNote(isRolledBack, Time.GetUtcNow().AddSeconds(seconds)).Write(Paths);

        await RunAsync(Options());
        Assert.Equal($"! {note}", Output.ToString().Split('\n')[1]);
    }

    [Fact]
    public async Task PortsThatAreOpenAndNotReachedAreCountedAsOpen()
    {
        Write(Status() with
        {
            Ports = [new(16400, "agent", true, true, null)],
            Conditions =
            [
                Condition(ConditionType.PortsOpen, "True", "Open", "all ports are open"),
                Condition(ConditionType.ReachableFromCluster, "False", "TimedOut", "the cluster gets no answer"),
            ],
        });

        await RunAsync(Options());
        Assert.Contains("  ✗ Ports          1/1 open, not reached from the cluster\n", Output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OfProblemsWithOneReasonTheOneWithACommandIsFirst()
    {
        Write(Status() with
        {
            Conditions =
            [
                Condition(ConditionType.ConfigCurrent, "False", "TokenRefused",
                    "the dashboard refuses the token: sudo smm-agent set bearer-token --stdin"),
                Condition(ConditionType.GatewaysReachable, "True", "Reached", "all gateways answer"),
                Condition(ConditionType.Registered, "False", "TokenRefused", "the control plane refuses the token of the sidecar"),
            ],
        });

        await RunAsync(Options());
        var text = Output.ToString();
        Assert.InRange(
            text.IndexOf("the dashboard refuses", StringComparison.Ordinal), 0,
            text.IndexOf("the control plane refuses", StringComparison.Ordinal));
    }
}
