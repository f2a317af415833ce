using System.Net;
using System.Net.Sockets;
using MeshStandIn;
using SmmAgent.Core.Address;
using SmmAgent.Linux.Network.Address;
using SmmAgent.Linux.Network.Names;
using SmmAgent.Linux.Tests.Network.Probes;

namespace SmmAgent.Linux.Tests.Network.Address;

public sealed class AddressProviderClientTests
{
    private readonly IPAddress _address = Loopback.Next();
    private string _head = "";

    [Fact]
    public async Task AnAddressIsBelieved()
    {
        var result = await AskAsync(Answer("200 OK", "198.18.0.5\n"));

        Assert.Equal((ProviderOutcome.Answered, "198.18.0.5"), (result.Outcome, result.Address?.ToString()));
    }

    [Fact]
    public async Task TheRequestCarriesNothingThatIdentifies()
    {
        await AskAsync(Answer("200 OK", "198.18.0.5"), user: "user:secret@");

        Assert.StartsWith("GET /ip HTTP/1.1\r\n", _head, StringComparison.Ordinal);
        Assert.Contains("User-Agent: smm-agent\r\n", _head, StringComparison.Ordinal);
        Assert.DoesNotContain("Authorization", _head, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Cookie", _head, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("secret", _head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<html><body>198.18.0.5</body></html>", "text/html", "an HTML page")]
    [InlineData("", "text/plain", "answered with nothing")]
    [InlineData("198.18.0.5\n198.18.0.6\n", "text/plain", "several lines")]
    [InlineData("127.0.0.1", "text/plain", "a loopback address")]
    [InlineData("10.0.0.1", "text/plain", "a private address")]
    [InlineData("224.0.0.1", "text/plain", "a multicast address")]
    [InlineData("192.0.2.1", "text/plain", "reserved for documentation")]
    [InlineData("who knows", "text/plain", "'who knows', which is not an IP address")]
    public async Task AnAnswerThatIsNoExternalAddressIsRefused(string body, string contentType, string reason)
    {
        var result = await AskAsync(Answer("200 OK", body, contentType));

        Assert.Equal(ProviderOutcome.Refused, result.Outcome);
        Assert.Contains(reason, result.Problem, StringComparison.Ordinal);
        Assert.Equal($"http://{_address}/ip", result.Provider.Replace($":{new Uri(result.Provider).Port}", "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Content-Length: 10485760\r\n")]
    [InlineData("")]
    public async Task TenMegabytesAreRefusedWithoutBeingRead(string length)
    {
        var sent = 0L;
        var isGone = new TaskCompletionSource();
        var result = await AskAsync(async (connection, cancel) =>
        {
            await connection.ReceiveAsync(new byte[4096], cancel);
            await connection.SendAsync(System.Text.Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\n{length}\r\n"), cancel);
            var block = new byte[65536];
            Array.Fill(block, (byte)'1');
            try
            {
                while (sent < 10 * 1024 * 1024)
                    sent += await connection.SendAsync(block, cancel);
            }
            catch (SocketException)
            {
                // The client has hung up on the rest.
                isGone.SetResult();
            }
        }, whenAnswered: () => isGone.Task);

        Assert.Equal(ProviderOutcome.Refused, result.Outcome);
        Assert.Contains("more than 256 bytes", result.Problem, StringComparison.Ordinal);
        Assert.True(sent < 10 * 1024 * 1024);
    }

    [Fact]
    public async Task ARedirectToAnotherPlaceIsNotFollowed()
    {
        await using var other = new StandInListener(
            new(Loopback.Next(), 0), Behaviours.Http(_ => Behaviours.Response("200 OK", "198.18.0.66")));

        var result = await AskAsync(Answer("302 Found", "", headers: $"Location: http://{other.Endpoint}/ip\r\n"));

        Assert.Equal(ProviderOutcome.Refused, result.Outcome);
        Assert.Contains($"redirects to another place, 'http://{other.Endpoint}/ip'", result.Problem, StringComparison.Ordinal);
        Assert.Equal(0, other.Connections);
    }

    [Fact]
    public async Task ARedirectWithinTheSamePlaceIsFollowed()
    {
        var result = await AskAsync(Behaviours.Http(question => question.Path == "/ip"
            ? Behaviours.Response("301 Moved Permanently", "", headers: "Location: /address\r\n")
            : Behaviours.Response("200 OK", "198.18.0.5")));

        Assert.Equal("198.18.0.5", result.Address?.ToString());
    }

    [Fact]
    public async Task ACircleOfRedirectsEnds() => Assert.Contains(
        "more than 3 times", (await AskAsync(Answer("302 Found", "", headers: "Location: /ip\r\n"))).Problem, StringComparison.Ordinal);

    [Theory]
    [InlineData("503 Service Unavailable", "status 503")]
    [InlineData("404 Not Found", "status 404")]
    public async Task AnotherStatusIsNoAnswer(string status, string problem)
    {
        var result = await AskAsync(Answer(status, "198.18.0.5"));

        Assert.Equal(ProviderOutcome.NoAnswer, result.Outcome);
        Assert.Contains(problem, result.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("//")]
    [InlineData("//[x")]
    [InlineData("http:///")]
    public async Task ARedirectToWhatIsNoUrlIsNotFollowed(string location)
    {
        var result = await AskAsync(Answer("302 Found", "", headers: $"Location: {location}\r\n"));

        Assert.NotEqual(ProviderOutcome.Answered, result.Outcome);
        Assert.NotNull(result.Problem);
    }

    [Fact]
    public async Task ASilentProviderIsNotWaitedFor()
    {
        var result = await AskAsync(Behaviours.Silence(), timeout: TimeSpan.FromMilliseconds(300));

        Assert.Equal((ProviderOutcome.NoAnswer, "did not answer within 0.3 s"), (result.Outcome, result.Problem));
    }

    [Fact]
    public async Task ABodyThatNeverEndsIsNotWaitedFor()
    {
        var result = await AskAsync(async (connection, cancel) =>
        {
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n198"u8.ToArray(), cancel);
            await Behaviours.Silence()(connection, cancel);
        }, timeout: TimeSpan.FromMilliseconds(300));

        Assert.Equal("did not answer within 0.3 s", result.Problem);
    }

    [Fact]
    public async Task ATruncatedAnswerIsNoAnswer()
    {
        var result = await AskAsync(Behaviours.Say("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n198.18.0"));

        Assert.Equal((ProviderOutcome.NoAnswer, "broke off its answer"), (result.Outcome, result.Problem));
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH\r\n")]
    [InlineData("")]
    public async Task SomethingThatIsNotHttpIsNoAnswer(string said) =>
        Assert.Equal(ProviderOutcome.NoAnswer, (await AskAsync(Behaviours.Say(said))).Outcome);

    [Fact]
    public async Task AnUntrustedCertificateIsNoAnswer()
    {
        using var authority = StandInAuthority.Create();
        using var leaf = authority.Issue([_address.ToString()]);

        var result = await AskAsync(Behaviours.Https(leaf, _ => Behaviours.Response("200 OK", "198.18.0.5")), scheme: "https");

        Assert.Equal(ProviderOutcome.NoAnswer, result.Outcome);
        Assert.Contains("certificate", result.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARefusedConnectionAndAMissingNameAreTold()
    {
        using var client = Client(null, (_, _) => Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound)));

        var results = await client.AskAsync(
            [new($"http://{_address}:9/ip"), new("http://no-such-host.invalid/ip")], TestContext.Current.CancellationToken);

        Assert.Equal(["refused the connection", "does not resolve: no such name"], results.Select(result => result.Problem));
    }

    [Fact]
    public async Task AllProvidersAreAskedAtOnceAndAnswerInTheirOrder()
    {
        // The first answers only when the second was asked: one after the other would not end.
        var asked = new TaskCompletionSource();
        await using var first = new StandInListener(new(_address, 0), async (connection, cancel) =>
        {
            await asked.Task.WaitAsync(cancel);
            await Answer("200 OK", "198.18.0.1")(connection, cancel);
        });
        await using var second = new StandInListener(new(_address, 0), Behaviours.Http(_ =>
        {
            asked.TrySetResult();
            return Behaviours.Response("200 OK", "198.18.0.2");
        }));
        using var client = Client(null);

        var results = await client.AskAsync(
            [new($"http://{first.Endpoint}/ip"), new($"http://{second.Endpoint}/ip")], TestContext.Current.CancellationToken);

        Assert.Equal(["198.18.0.1", "198.18.0.2"], results.Select(result => result.Address?.ToString()));
    }

    [Fact]
    public async Task IPv4IsAskedWhereBothFamiliesWork()
    {
        await using var four = new StandInListener(new(_address, 0), Answer("200 OK", "198.18.0.4"));
        await using var six = new StandInListener(new(IPAddress.IPv6Loopback, four.Port), Answer("200 OK", "2606:4700::6"));
        using var client = Client(null, (_, _) => Task.FromResult<IPAddress[]>([IPAddress.IPv6Loopback, _address]));

        var result = Assert.Single(
            await client.AskAsync([new($"http://ip.example:{four.Port}/ip")], TestContext.Current.CancellationToken));

        Assert.Equal(("198.18.0.4", 0), (result.Address?.ToString(), six.Connections));
    }

    private ServeConnection Answer(string status, string body, string contentType = "text/plain", string headers = "") =>
        Behaviours.Http(question =>
        {
            _head = question.Head;
            return Behaviours.Response(status, body, contentType, headers);
        });

    private static AddressProviderClient Client(TimeSpan? timeout, ResolveName? resolve = null) =>
        new(TimeProvider.System, new NameLookup(TimeProvider.System, resolve, Probing.Patient), timeout ?? Probing.Patient);

    private async Task<ProviderResult> AskAsync(
        ServeConnection serve, string scheme = "http", string user = "", TimeSpan? timeout = null, Func<Task>? whenAnswered = null)
    {
        await using var provider = new StandInListener(new(_address, 0), serve);
        using var client = Client(timeout);
        var results = await client.AskAsync([new($"{scheme}://{user}{provider.Endpoint}/ip")], TestContext.Current.CancellationToken);
        if (whenAnswered is not null)
            await whenAnswered().WaitAsync(TestContext.Current.CancellationToken);
        return Assert.Single(results);
    }
}
