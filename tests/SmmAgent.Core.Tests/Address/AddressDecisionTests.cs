using System.Net;
using SmmAgent.Core.Address;
using SmmAgent.Core.Conditions;

namespace SmmAgent.Core.Tests.Address;

public sealed class AddressDecisionTests
{
    private const string A = "https://a.example/ip";
    private const string B = "https://b.example/ip";
    private static readonly IPAddress One = IPAddress.Parse("198.18.0.1");
    private static readonly IPAddress Two = IPAddress.Parse("198.18.0.2");
    private static readonly IPAddress Six = IPAddress.Parse("2606:4700::1");
    private static readonly LastKnownAddress LastTwo = new(Two, B, null, new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    [Fact]
    public void FirstProviderOfTheListHasPrecedence()
    {
        var state = AddressDecision.FromProviders([ProviderResult.Answered(A, One), ProviderResult.Answered(B, One)], null);

        Assert.Equal(new ExternalAddress(One, A), state.Address);
        Assert.Equal((ConditionStatus.True, "Known"), (state.AddressKnown.Status, state.AddressKnown.Reason));
        Assert.Equal($"198.18.0.1, as {A} says", state.AddressKnown.Message);
    }

    [Fact]
    public void FailedProviderIsNamedBesideTheAcceptedOne()
    {
        var state = AddressDecision.FromProviders(
            [ProviderResult.Refused(A, "answered with nothing"), ProviderResult.Answered(B, One)], null);

        Assert.Equal(new ExternalAddress(One, B), state.Address);
        Assert.Contains($"{A} answered with nothing", state.AddressKnown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ProvidersThatDisagreeAreBothNamed()
    {
        var state = AddressDecision.FromProviders([ProviderResult.Answered(A, One), ProviderResult.Answered(B, Two)], null);

        Assert.Equal((ConditionStatus.True, "ProvidersDisagree"), (state.AddressKnown.Status, state.AddressKnown.Reason));
        Assert.Equal(One, state.Address!.Value);
        Assert.Contains($"{A} says 198.18.0.1", state.AddressKnown.Message, StringComparison.Ordinal);
        Assert.Contains($"{B} says 198.18.0.2", state.AddressKnown.Message, StringComparison.Ordinal);
        Assert.Contains("set node-ip", state.AddressKnown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void LastKnownAddressStaysInADisagreementWhileAProviderConfirmsIt()
    {
        var state = AddressDecision.FromProviders([ProviderResult.Answered(A, One), ProviderResult.Answered(B, Two)], LastTwo);

        Assert.Equal(new ExternalAddress(Two, B), state.Address);
        Assert.Equal("ProvidersDisagree", state.AddressKnown.Reason);
    }

    [Fact]
    public void IPv4AndIPv6AnswersDoNotDisagree()
    {
        var state = AddressDecision.FromProviders([ProviderResult.Answered(A, Six), ProviderResult.Answered(B, One)], null);

        Assert.Equal((new ExternalAddress(Six, A), "Known"), (state.Address, state.AddressKnown.Reason));
    }

    [Fact]
    public void OutageKeepsTheLastKnownAddressWithItsTimeAndReason()
    {
        var state = AddressDecision.FromProviders([ProviderResult.NoAnswer(A, "refused the connection")], LastTwo);

        Assert.Equal(new ExternalAddress(Two, B), state.Address);
        Assert.Equal((ConditionStatus.True, "LastKnown"), (state.AddressKnown.Status, state.AddressKnown.Reason));
        Assert.Contains("2026-01-02T03:04:05Z", state.AddressKnown.Message, StringComparison.Ordinal);
        Assert.Contains($"{A} refused the connection", state.AddressKnown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void MessageWithoutAnyAnswerSaysWhatToDo()
    {
        var state = AddressDecision.FromProviders([ProviderResult.NoAnswer(A, "refused the connection")], null);

        Assert.Null(state.Address);
        Assert.Equal((ConditionStatus.False, "NoProviderAnswered"), (state.AddressKnown.Status, state.AddressKnown.Reason));
        Assert.Contains("set node-ip", state.AddressKnown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RefusedAnswerHasPrecedenceOverNoAnswer()
    {
        var state = AddressDecision.FromProviders(
            [ProviderResult.NoAnswer(A, "refused the connection"), ProviderResult.Refused(B, "answered with nothing")], null);

        Assert.Equal("AnswerRefused", state.AddressKnown.Reason);
    }

    [Fact]
    public void EmptyListOfProvidersIsReported() =>
        Assert.Contains("no address provider", AddressDecision.FromProviders([], null).AddressKnown.Message, StringComparison.Ordinal);

    [Fact]
    public void PlainHttpProviderIsAcceptedWithAWarning()
    {
        var state = AddressDecision.FromProviders([ProviderResult.Answered("http://a.example/ip", One)], null);

        Assert.Equal("Known", state.AddressKnown.Reason);
        Assert.Contains("plain http", state.AddressKnown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.1.2.3", "10.1.2.3")]
    [InlineData("::ffff:10.1.2.3", "10.1.2.3")]
    public void ConfiguredAddressMayBePrivate(string configured, string expected)
    {
        var state = AddressDecision.FromConfigured(IPAddress.Parse(configured));

        Assert.Equal(new ExternalAddress(IPAddress.Parse(expected), "configured"), state.Address);
        Assert.Equal(ConditionStatus.True, state.AddressKnown.Status);
    }

    [Fact]
    public void ConfiguredLoopbackAddressIsRefused()
    {
        var state = AddressDecision.FromConfigured(IPAddress.Loopback);

        Assert.Null(state.Address);
        Assert.Equal((ConditionStatus.False, "AddressNotAllowed"), (state.AddressKnown.Status, state.AddressKnown.Reason));
        Assert.Contains("'127.0.0.1' is a loopback address", state.AddressKnown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SourceOfTheRouteMayBePrivate()
    {
        var state = AddressDecision.FromRoute(IPAddress.Parse("10.0.0.7"), "istiod 10.244.1.5:15012", null);

        Assert.Equal(new ExternalAddress(IPAddress.Parse("10.0.0.7"), "route"), state.Address);
    }

    [Fact]
    public void RouteOverLoopbackIsRefused()
    {
        var state = AddressDecision.FromRoute(IPAddress.Loopback, "istiod 127.0.0.1:15012", null);

        Assert.Equal((ConditionStatus.False, "NoDirectEndpoint"), (state.AddressKnown.Status, state.AddressKnown.Reason));
    }

    [Fact]
    public void UnreachableEndpointKeepsTheLastKnownRoute()
    {
        var last = new LastKnownAddress(IPAddress.Parse("10.0.0.7"), "route", "network1", default);

        var state = AddressDecision.FromRoute(null, "no direct endpoint was reached", last);

        Assert.Equal(("10.0.0.7", "LastKnown"), (state.Address!.Value.ToString(), state.AddressKnown.Reason));
    }

    [Fact]
    public void DelayDoublesFromFiveSecondsToFiveMinutes() => Assert.Equal(
        [600, 5, 10, 20, 40, 80, 160, 300, 300],
        new[] { 0, 1, 2, 3, 4, 5, 6, 7, 1000 }.Select(failures => AddressSchedule.Next(failures).TotalSeconds));
}
