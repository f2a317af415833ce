using System.Net;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using SmmDashboard.DialBack;
using SmmDashboard.Groups;
using SmmDashboard.Http;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.DialBack;

/// <summary>The rates of dial-backs: the dashboard is not a port scanner, and no group starves another one.</summary>
public sealed class DialBackRatesTests : IDisposable
{
    private static readonly GroupId Greedy = new("a", "greedy");
    private static readonly GroupId Accomplice = new("b", "greedy");
    private static readonly GroupId Other = new("a", "other");

    private readonly FakeTimeProvider _clock = new();
    private readonly LogLines _log = new();
    private int _last;

    [Fact]
    public void AgentsOfOneGroupLeaveDialBacksForOtherGroups()
    {
        var rates = Create(DialBackSettings.From(600) with { PerGroup = new Rate(3, 1) });

        var refused = Enumerable.Range(0, 10).Count(_ => rates.Refuse(NewAgent(Greedy), ports: 1) is { Status: 429 });

        Assert.Equal(7, refused);
        Assert.Null(rates.Refuse(NewAgent(Other), ports: 3));
        Assert.Equal(429, rates.Refuse(NewAgent(Other), ports: 1)?.Status);
    }

    [Fact]
    public void AddressesWithoutAnAgentAreScannedSlowly()
    {
        var rates = Create();
        var connections = 0;
        for (var second = 0; second < 600; second++)
        {
            for (var agent = 0; agent < 50; agent++)
                connections += rates.Refuse(NewAgent(Greedy), ports: 4) is null ? 4 : 0;
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.InRange(connections, 20 * 600, 20 * 600 + 200);
        Assert.Contains(
            "Warning: Refusing requests of a/greedy with 429: more than 20 dial-backs per second of this WorkloadGroup to addresses where "
                + "no agent has answered (--dial-back-rate) (and 0 others since the last such message)",
            _log.Lines);
    }

    [Fact]
    public void AgentsThatAnswerAreNotDelayedByThoseThatDoNot()
    {
        var rates = Create();
        DialTarget[] fleet = [.. Enumerable.Range(0, 3_000).Select(_ => NewAgent(Greedy))];
        for (var round = 0; round < 3; round++)
        {
            // 40 agents of 4 ports in a second: more than the rate of those that do not answer.
            foreach (var agents in fleet.Chunk(40))
            {
                foreach (var agent in agents)
                {
                    Assert.Null(rates.Refuse(agent, ports: 4));
                    rates.Complete(agent, ports: 4);
                }

                _clock.Advance(TimeSpan.FromSeconds(1));
            }

            while (rates.Refuse(NewAgent(Greedy), ports: 4) is null)
            {
                // VMs that cannot be reached use up their rate.
            }
        }
    }

    [Fact]
    public void RefusedDialBacksLeaveTheRateOfTheGroup()
    {
        var rates = Create();
        var answering = NewAgent(Greedy);
        Assert.Null(rates.Refuse(answering, ports: 4));
        rates.Complete(answering, ports: 4);
        // The VMs that cannot be reached try again and again.
        for (var refused = 0; refused < 2_000;)
            refused += rates.Refuse(NewAgent(Greedy), ports: 4) is null ? 0 : 1;
        _clock.Advance(TimeSpan.FromSeconds(10));
        for (var refused = 0; refused < 2_000;)
            refused += rates.Refuse(NewAgent(Greedy), ports: 4) is null ? 0 : 1;

        Assert.Null(rates.Refuse(answering, ports: 4));
    }

    [Fact]
    public void AgentWithNewAddressMustAnswerAgain()
    {
        var rates = Create(DialBackSettings.From(600) with { UnansweredPerGroup = new Rate(4, 0.001) });
        var agent = NewAgent(Greedy);
        Assert.Null(rates.Refuse(agent, ports: 4));
        rates.Complete(agent, ports: 4);
        Assert.Null(rates.Refuse(NewAgent(Greedy), ports: 4));

        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Null(rates.Refuse(agent, ports: 4));
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(429, rates.Refuse(agent with { Address = NewAddress() }, ports: 4)?.Status);
        _clock.Advance(TimeSpan.FromDays(1));
        Assert.Null(rates.Refuse(NewAgent(Greedy), ports: 4));
        Assert.Equal(429, rates.Refuse(agent, ports: 4)?.Status); // its answer is too old
    }

    [Fact]
    public void DialBackThatDoesNotConnectDoesNotCount()
    {
        var rates = Create(DialBackSettings.From(600) with { UnansweredPerGroup = new Rate(4, 0.001) });
        for (var i = 0; i < 20; i++)
        {
            var agent = NewAgent(Greedy);
            Assert.Null(rates.Refuse(agent, ports: 4));
            rates.Cancel(agent, ports: 4);
        }
    }

    [Fact]
    public void GroupsThatUseTheTotalLeaveAShareForOthers()
    {
        var rates = Create();
        DialTarget[] fleet = [.. Enumerable.Range(0, 20_000).Select(number => NewAgent(number % 2 == 0 ? Greedy : Accomplice))];
        foreach (var agent in fleet)
        {
            rates.Complete(agent, ports: 0);
            rates.Refuse(agent, ports: 4);
        }

        Assert.Equal(429, rates.Refuse(NewAgent(Greedy), ports: 4)?.Status);
        var admitted = 0;
        for (var second = 0; second < 60; second++)
        {
            foreach (var agent in fleet.Skip(second * 300).Take(300))
                rates.Refuse(agent, ports: 4);
            admitted += rates.Refuse(NewAgent(Other), ports: 4) is null ? 4 : 0;
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(4 * 60, admitted);
    }

    [Fact]
    public void MemoryOfAnswersIsBounded()
    {
        var answering = new AnsweringAgents(limit: 2, _clock);
        var (first, second, third) = (NewAgent(Greedy), NewAgent(Greedy), NewAgent(Greedy));
        Assert.True(answering.Add(first));
        Assert.True(answering.Add(second));
        Assert.False(answering.Add(second));
        Assert.True(answering.Add(third));
        Assert.False(answering.Contains(third));
        _clock.Advance(TimeSpan.FromDays(1));
        Assert.True(answering.Add(third));
        Assert.True(answering.Contains(third));
        Assert.False(answering.Contains(first));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(600)]
    public void EveryRateAdmitsOneDialBackInTheEnd(int perSecond)
    {
        var rates = Create(DialBackSettings.From(perSecond));
        Assert.Null(rates.Refuse(NewAgent(Other), ports: 16));
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Null(rates.Refuse(NewAgent(Other), ports: 16));
    }

    public void Dispose() => _log.Dispose();

    private DialBackRates Create(DialBackSettings? settings = null) =>
        new(settings ?? DialBackSettings.From(600), _clock, new LoggerFactory([_log]).CreateLogger<DialBackRates>());

    private DialTarget NewAgent(GroupId group) => new(group, Guid.NewGuid(), NewAddress());

    private IPAddress NewAddress() => new([10, (byte)(++_last >> 16), (byte)(_last >> 8), (byte)_last]);
}
