using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Embedded.Registration;

public sealed class RegistrationTests
{
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    [Fact]
    public async Task EntryExistsUntilTenSecondsAfterDisconnect()
    {
        await using var dashboard = await StartAsync();
        var agent = await AgentAsync(dashboard);
        await IsAsync(dashboard, agent, false, "NotConnected");
        await using (var sidecar = await TestSidecar.ConnectAsync(dashboard))
        {
            var reply = await sidecar.AskAsync(TestSidecar.Request(await TestSidecar.TokenAsync(dashboard)));
            Assert.True(reply.GetProperty("registered").GetBoolean());
            Assert.Equal("analytics-v0-198.18.0.7-vm-network-1", reply.GetProperty("workloadEntry").GetString());
            var registered = await IsAsync(dashboard, agent, true, "Registered");
            Assert.Equal("analytics-v0-198.18.0.7-vm-network-1", registered.GetProperty("workloadEntry").GetString());
            Assert.Equal("Unknown", registered.GetProperty("healthy").GetString());
            _clock.Advance(TimeSpan.FromHours(5));
            await IsAsync(dashboard, agent, true, "Registered");
        }

        await agent.UntilRegistrationAsync(
            dashboard, answer => answer.GetProperty("message").GetString()!.Contains("disconnect", StringComparison.Ordinal));
        _clock.Advance(TimeSpan.FromSeconds(9.9));
        var leaving = await IsAsync(dashboard, agent, false, "NotConnected");
        Assert.Equal("analytics-v0-198.18.0.7-vm-network-1", leaving.GetProperty("workloadEntry").GetString());
        _clock.Advance(TimeSpan.FromSeconds(0.1));
        var gone = await IsAsync(dashboard, agent, false, "NotConnected");
        Assert.Equal(JsonValueKind.Null, gone.GetProperty("workloadEntry").ValueKind);
    }

    [Fact]
    public async Task IPv6AddressAndLongNameGetNamesOfIstio()
    {
        var group = new string('a', 240);
        await using var dashboard = await StartAsync(
            new MeshYaml { Groups = [MeshYaml.Group("analytics-v0", MeshYaml.Token), MeshYaml.Group(group, MeshYaml.OtherToken)] });
        var token = await TestSidecar.TokenAsync(dashboard);
        foreach (var (request, name) in new[]
        {
            (TestSidecar.Request(token, address: "2001:db8::7"), "analytics-v0-2001-db8--7-vm-network-1"),
            (TestSidecar.Request(token, address: "2001:db8::7", group: group), $"{new string('a', 228)}-2001-db8--7-vm-network-1"),
        })
        {
            await using var sidecar = await TestSidecar.ConnectAsync(dashboard);
            Assert.Equal(name, (await sidecar.AskAsync(request)).GetProperty("workloadEntry").GetString());
        }
    }

    [Theory]
    [InlineData("""{"token":"\ud800"}""")]
    [InlineData("""{"\ud800":1,"\ud800":2}""")]
    public async Task NonUnicodeRequestIsRefusedAsInvalid(string line)
    {
        await using var dashboard = await StartAsync();
        await using var sidecar = await TestSidecar.ConnectAsync(dashboard);
        Assert.Equal("RequestInvalid", (await sidecar.AskAsync(line)).GetProperty("reason").GetString());
    }

    [Fact]
    public async Task SidecarReportsHealth()
    {
        await using var dashboard = await StartAsync();
        var agent = await AgentAsync(dashboard);
        await using var sidecar = await TestSidecar.ConnectAsync(dashboard);
        await sidecar.AskAsync(TestSidecar.Request(await TestSidecar.TokenAsync(dashboard)));
        foreach (var (line, healthy) in new[] { ("""{"healthy":true}""", "True"), ("""{"healthy":false}""", "False") })
        {
            await sidecar.SendAsync(line);
            await agent.UntilRegistrationAsync(dashboard, answer => answer.GetProperty("healthy").GetString() == healthy);
        }
    }

    [Fact]
    public async Task UuidDeterminesOwnerOfEntry()
    {
        await using var dashboard = await StartAsync();
        var (one, other) = (await AgentAsync(dashboard), await AgentAsync(dashboard)); // both report the same address
        await using var sidecar = await TestSidecar.ConnectAsync(dashboard);
        await sidecar.AskAsync(TestSidecar.Request(await TestSidecar.TokenAsync(dashboard), "198.18.0.99", uuid: one.Uuid));
        await IsAsync(dashboard, one, true, "Registered");
        await IsAsync(dashboard, other, false, "NotConnected");
    }

    [Fact]
    public async Task ReconnectTakesOverEntry()
    {
        await using var dashboard = await StartAsync();
        var agent = await AgentAsync(dashboard);
        var request = TestSidecar.Request(await TestSidecar.TokenAsync(dashboard));
        await using var second = await TestSidecar.ConnectAsync(dashboard);
        await using (var first = await TestSidecar.ConnectAsync(dashboard))
        {
            await first.AskAsync(request);
            await second.AskAsync(request);
            await first.SendAsync("goodbye");
            Assert.Null(await first.ReadAsync());
        }

        _clock.Advance(TimeSpan.FromMinutes(1));
        await IsAsync(dashboard, agent, true, "Registered");
    }

    [Theory]
    [InlineData("token", "TokenRefused")]
    [InlineData("cluster", "TokenRefused")]
    [InlineData("namespace", "IdentityMismatch")]
    [InlineData("account", "IdentityMismatch")]
    [InlineData("foreign", "IdentityMismatch")]
    [InlineData("group", "GroupNotFound")]
    [InlineData("address", "NameInvalid")]
    [InlineData("network", "NameInvalid")]
    public async Task RefusalHasReasonAndReachesAgent(string wrong, string reason)
    {
        await using var dashboard = await StartAsync();
        var agent = await AgentAsync(dashboard);
        var token = await TestSidecar.TokenAsync(dashboard);
        var request = wrong switch
        {
            "token" => TestSidecar.Request("nonsense", uuid: agent.Uuid),
            "cluster" => TestSidecar.Request(token, clusterId: "another", uuid: agent.Uuid),
            "namespace" => TestSidecar.Request(token, space: "kube-system", uuid: agent.Uuid),
            "account" => TestSidecar.Request(token, account: "admin", uuid: agent.Uuid),
            "foreign" => TestSidecar.Request(token, group: "billing-v1", space: "other", uuid: agent.Uuid),
            "group" => TestSidecar.Request(token, group: "nothing", uuid: agent.Uuid),
            "address" => TestSidecar.Request(token, address: "vm.example.com", uuid: agent.Uuid),
            _ => TestSidecar.Request(token, network: "No_Name", uuid: agent.Uuid),
        };
        await using (var sidecar = await TestSidecar.ConnectAsync(dashboard))
        {
            var reply = await sidecar.AskAsync(request);
            Assert.False(reply.GetProperty("registered").GetBoolean());
            Assert.Equal(reason, reply.GetProperty("reason").GetString());
            Assert.DoesNotContain(token, reply.GetRawText(), StringComparison.Ordinal);
            Assert.Null(await sidecar.ReadAsync());
        }

        await IsAsync(dashboard, agent, false, reason);
        await using var again = await TestSidecar.ConnectAsync(dashboard);
        await again.AskAsync(TestSidecar.Request(token, uuid: agent.Uuid));
        await IsAsync(dashboard, agent, true, "Registered");
    }

    [Fact]
    public async Task OtherServiceAccountOfNamespaceIsIdentityMismatch()
    {
        var two = MeshYaml.Group("two", MeshYaml.OtherToken)
            .Replace("serviceAccount: default", "serviceAccount: two", StringComparison.Ordinal);
        await using var dashboard = await StartAsync(new MeshYaml { Groups = [MeshYaml.Group("analytics-v0", MeshYaml.Token), two] });
        var token = await TestSidecar.TokenAsync(dashboard);
        await using var sidecar = await TestSidecar.ConnectAsync(dashboard);
        var reply = await sidecar.AskAsync(TestSidecar.Request(token, group: "two"));
        Assert.Equal("IdentityMismatch", reply.GetProperty("reason").GetString());
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("[]")]
    [InlineData("{}")]
    public async Task InvalidLineIsAnsweredAndNotRemembered(string line)
    {
        await using var dashboard = await StartAsync();
        await using var sidecar = await TestSidecar.ConnectAsync(dashboard);
        Assert.Equal("RequestInvalid", (await sidecar.AskAsync(line)).GetProperty("reason").GetString());
        Assert.Null(await sidecar.ReadAsync());
    }

    [Fact]
    public async Task TooLongLineEndsConnection()
    {
        await using var dashboard = await StartAsync();
        await using var sidecar = await TestSidecar.ConnectAsync(dashboard);
        try
        {
            await sidecar.SendAsync(new string('x', 17 * 1024));
        }
        catch (IOException)
        {
            // The connection may be closed before everything was sent.
        }

        Assert.Null(await sidecar.ReadAsync());
    }

    [Fact]
    public async Task SilentConnectionEndsAfterFiveSeconds()
    {
        await using var dashboard = await StartAsync();
        await using var sidecar = await TestSidecar.ConnectAsync(dashboard);
        var closed = sidecar.ReadAsync();
        await Until.TrueAsync(
            () =>
            {
                // Repeated, because the server may finish the handshake after the client.
                _clock.Advance(TimeSpan.FromSeconds(5));
                return closed.IsCompleted;
            },
            "the dashboard ends the connection");

        Assert.Null(await closed);
    }

    private Task<RunningDashboard> StartAsync(MeshYaml? mesh = null) => RunningDashboard.StartAsync(new()
    {
        Mesh = mesh ?? new MeshYaml(),
        HasRegistration = true,
        Seams = new() { Clock = _clock },
    });

    private static async Task<TestAgent> AgentAsync(RunningDashboard dashboard)
    {
        var agent = new TestAgent();
        Assert.Equal(HttpStatusCode.NoContent, (await agent.Report().SendAsync(dashboard)).Status);
        return agent;
    }

    private static async Task<JsonElement> IsAsync(RunningDashboard dashboard, TestAgent agent, bool registered, string reason)
    {
        var answer = (await agent.Registration().SendAsync(dashboard)).Json;
        Assert.Equal(reason, answer.GetProperty("reason").GetString());
        Assert.Equal(registered, answer.GetProperty("registered").GetBoolean());
        return answer;
    }
}
