using System.Net;
using SmmDashboard.Address;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Address;

public sealed class WhoAmITests
{
    private static readonly TrustedProxies Loopback = new([IPNetwork.Parse("127.0.0.0/8")]);

    [Fact]
    public async Task AddressOfTheConnectionIsReturned()
    {
        await using var dashboard = await RunningDashboard.StartAsync();

        Assert.Equal("""{"address":"127.0.0.1","source":"connection","viaProxy":false}""", (await AskAsync(dashboard)).Text);
    }

    [Fact]
    public async Task AddressOfAnUntrustedProxyHasAProblem()
    {
        await using var dashboard = await RunningDashboard.StartAsync();

        Assert.Equal(
            """{"address":"127.0.0.1","source":"connection","viaProxy":true,"problem":"the request came through a proxy, """
                + """which no --trusted-proxy of the dashboard names"}""",
            (await AskAsync(dashboard, "203.0.113.7")).Text);
    }

    [Fact]
    public async Task AddressBehindATrustedProxyIsReturned()
    {
        await using var dashboard = await RunningDashboard.StartAsync(new() { TrustedProxies = Loopback });

        Assert.Equal(
            """{"address":"203.0.113.7","source":"forwarded","viaProxy":true}""",
            (await AskAsync(dashboard, "198.51.100.9, 203.0.113.7")).Text);
    }

    [Fact]
    public async Task AddressThatIsNeverDialledHasAProblem()
    {
        await using var dashboard = await RunningDashboard.StartAsync(new() { TrustedProxies = Loopback });

        var answer = await AskAsync(dashboard, "169.254.169.254");

        Assert.Equal("no dial-back would connect to it: 169.254.169.254 is not dialled: it is link-local or cloud metadata",
            answer.Json.GetProperty("problem").GetString());
    }

    [Fact]
    public async Task TokenOfAnotherGroupIsRefused()
    {
        await using var dashboard = await RunningDashboard.StartAsync();

        (await (Call.Get($"{RunningDashboard.Group}/whoami") with { Token = null }).SendAsync(dashboard)).IsProblem(401, "token-invalid");
        (await (Call.Get($"{RunningDashboard.Group}/whoami") with { Token = MeshYaml.OtherToken }).SendAsync(dashboard))
            .IsProblem(403, "not-this-workload-group");
    }

    private static async Task<Answer> AskAsync(RunningDashboard dashboard, string? forwarded = null)
    {
        var call = Call.Get($"{RunningDashboard.Group}/whoami");
        if (forwarded is not null)
            call = call with { Headers = new Dictionary<string, string> { ["X-Forwarded-For"] = forwarded } };
        var answer = await call.SendAsync(dashboard);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return answer;
    }
}
