using SmmAgent.Contract;
using SmmDashboard.Agents;

namespace SmmDashboard.Tests.Agents;

/// <summary>
/// Two hosts with one uuid and key, as opposed to one rebooted host. A letter is an instance, and a number is a number of minutes.
/// </summary>
public sealed class AgentInstancesTests
{
    [Theory]
    [InlineData("a5a5a", "+++")] // one host
    [InlineData("a1b5b5b", "++++")] // booted again
    [InlineData("a1b1c1d1e", "+++++")] // and again
    [InlineData("a1b", "++")] // a second host cannot be distinguished from a reboot
    [InlineData("a1b1a1b1a1b", "+++-+-")] // until the first one reports again: from then on the second one is refused
    [InlineData("a1b5a5b5a5b", "+++-+-")]
    [InlineData("a1b1a1c1a1c", "+++++-")] // the second host was booted again
    [InlineData("a1b1a1c1b1c6b1c", "++++--+-")] // the first host was: the other one is kept when the instance before that boot is over
    [InlineData("a1b1c1a1b1c", "++++--")] // three hosts
    [InlineData("a1b1a1b8b5b", "+++-++")] // the first host is fixed, or gone
    [InlineData("a1b1a1b5a3a5a", "+++-+++")] // the second host is
    [InlineData("a1b9a5a", "++++")] // a snapshot of before the boot is brought back
    [InlineData("a61b61a5b", "++++")] // what an hour ago was is forgotten
    [InlineData("-1a1-1-1a", "+++++")] // an agent that names no instance
    public void HostSeenFirstIsKept(string reports, string kept) => Assert.Equal(kept, Play(reports).Kept);

    [Theory]
    [InlineData("a5a1b5b", "")]
    [InlineData("a1b1a1b1a1b1a", "begins at 3")]
    [InlineData("a1b1a1b5a3a5a", "begins at 3, ends at 6")]
    [InlineData("a1b1a8a5a1c1a", "begins at 3, ends at 4, begins at 7")]
    public void BeginAndEndOfDuplicateAreReportedOnce(string reports, string events) => Assert.Equal(events, Play(reports).Events);

    [Fact]
    public void BothHostsAreNamed() => Assert.Equal("host a and host b", Play("a1b1a").Hosts);

    [Fact]
    public void HostWithOwnUuidIsRemovedAtOnce()
    {
        var (instances, now) = State("a1b1a");

        Assert.Equal(2, instances.Duplicates(now).Count);
        Assert.Empty(instances.Without("b").Duplicates(now));
        Assert.Same(instances, instances.Without("x"));
    }

    [Fact]
    public void ClockSetBackKeepsNoSecondHostAlive()
    {
        var (instances, now) = State("a1b1a1b");

        var verdict = instances.Report(Of("a"), now.AddYears(-1));

        Assert.Equal((false, "", true), (verdict.IsRefused, verdict.After.Hosts(now.AddYears(-1)), verdict.Ends));
    }

    [Fact]
    public void NumberOfInstancesIsLimited()
    {
        var (instances, _) = State(string.Concat(Enumerable.Range('a', 26).Select(letter => $"{(char)letter}1")));

        Assert.Equal("stuvwxyz", string.Concat(instances.Seen.Select(one => one.Id)));
    }

    [Fact]
    public void LastAddressOfHostIsKept()
    {
        var now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var report = Of("a") with { Address = new("198.18.0.7", "configured") };

        var seen = AgentInstances.None.Report(report, now).After.Report(report with { Address = null }, now.AddMinutes(1)).After.Seen;

        Assert.Equal("host a at 198.18.0.7", $"{Assert.Single(seen)}");
    }

    private static AgentReport Of(string? instance) => new()
    {
        Host = new($"host {instance}", "os", "amd64"),
        InterfaceAddresses = [],
        Versions = new("1.0.0", null),
        Conditions = [],
        ReportedAt = default,
        Instance = instance,
    };

    private static (AgentInstances Instances, DateTimeOffset Now) State(string reports)
    {
        var (instances, _, _, now) = Run(reports);
        return (instances, now);
    }

    private static (string Kept, string Events, string Hosts) Play(string reports)
    {
        var (instances, kept, events, now) = Run(reports);
        return (kept, string.Join(", ", events), instances.Hosts(now));
    }

    private static (AgentInstances Instances, string Kept, List<string> Events, DateTimeOffset Now) Run(string reports)
    {
        var now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var instances = AgentInstances.None;
        var kept = "";
        List<string> events = [];
        for (var i = 0; i < reports.Length; i++)
        {
            if (char.IsAsciiDigit(reports[i]))
            {
                var digits = string.Concat(reports[i..].TakeWhile(char.IsAsciiDigit));
                now = now.AddMinutes(int.Parse(digits, System.Globalization.CultureInfo.InvariantCulture));
                i += digits.Length - 1;
                continue;
            }

            var verdict = instances.Report(Of(reports[i] == '-' ? null : $"{reports[i]}"), now);
            instances = verdict.After;
            kept += verdict.IsRefused ? '-' : '+';
            if (verdict.Begins)
                events.Add($"begins at {kept.Length}");
            if (verdict.Ends)
                events.Add($"ends at {kept.Length}");
        }

        return (instances, kept, events, now);
    }
}
