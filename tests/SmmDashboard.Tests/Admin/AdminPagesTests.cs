using System.Net;
using System.Text.Json;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Admin;

/// <summary>The admin listener of the embedded mode over real HTTP.</summary>
public sealed class AdminPagesTests
{
    private static readonly string[] Pages = ["/machines", "/groups", "/groups/vm-integration/analytics-v0", "/mesh"];

    [Fact]
    public async Task MachineIsShownWithTheFixOfItsFailedCondition()
    {
        await using var dashboard = await StartAsync();
        var agent = new TestAgent();
        await ReportAsync(dashboard, agent, "vm-1", "PortsOpen", "False", "BlockedByAnotherTable");

        await UntilAsync(dashboard, "/machines", "PortsOpen: BlockedByAnotherTable");
        var page = await GetAsync(dashboard, $"/machines/vm-integration/analytics-v0/{agent.Uuid}");
        Assert.Contains("change the table that the message names", page.Text, StringComparison.Ordinal);
        Assert.Equal(page.Text, (await GetAsync(dashboard, "/machines/vm-integration/analytics-v0/vm-1")).Text);
    }

    [Fact]
    public async Task TextOfAnAgentIsNeverMarkup()
    {
        const string Hostile = "<script>alert(1)</script>\\\" onload=x \\u202eabc\\u0000";
        await using var dashboard = await StartAsync();
        var agent = new TestAgent();
        await ReportAsync(dashboard, agent, Hostile, Hostile, "False", Hostile);
        await UntilAsync(dashboard, "/machines", "alert(1)");

        foreach (var path in (string[])["/machines", $"/machines/vm-integration/analytics-v0/{agent.Uuid}", "/machines?q=%3Cscript%3E%22"])
        {
            var page = await GetAsync(dashboard, path);
            Assert.Equal(HttpStatusCode.OK, page.Status);
            Assert.DoesNotContain("<script>", page.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("\u202e", page.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("\" onload", page.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task EveryAnswerHasSecurityHeadersAndNoInlineScriptOrStyle()
    {
        await using var dashboard = await StartAsync();
        await ReportAsync(dashboard, new TestAgent(), "vm-1", "PortsOpen", "True", "Open");
        foreach (var path in (string[])[.. Pages, "/assets/live.js", "/assets/style.css", "/v1/machines", "/nothing"])
        {
            var answer = await GetAsync(dashboard, path);
            Assert.StartsWith("default-src 'none'; script-src 'self';", answer.Headers["Content-Security-Policy"],
                StringComparison.Ordinal);
            Assert.Equal("nosniff", answer.Headers["X-Content-Type-Options"]);
            Assert.Equal("DENY", answer.Headers["X-Frame-Options"]);
            Assert.Equal("no-referrer", answer.Headers["Referrer-Policy"]);
            Assert.Equal("no-store", answer.Headers["Cache-Control"]);
            if (answer.MediaType != "text/html")
                continue;

            Assert.DoesNotContain(" style=", answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("<style", answer.Text, StringComparison.Ordinal);
            Assert.DoesNotMatch("<script(?! src=)", answer.Text);
            Assert.DoesNotMatch(" on[a-z]+=", answer.Text);
            Assert.DoesNotMatch("(src|href)=\"(?!/|#)", answer.Text);
        }
    }

    [Theory]
    [InlineData("attacker.example.com", HttpStatusCode.MisdirectedRequest)]
    [InlineData("10.0.0.1:80", HttpStatusCode.MisdirectedRequest)]
    [InlineData("localhost:8090", HttpStatusCode.OK)]
    [InlineData("127.0.0.1", HttpStatusCode.OK)]
    [InlineData("[::1]:9", HttpStatusCode.OK)]
    public async Task OnlyNamesOfThisHostAreServedWithoutAToken(string host, HttpStatusCode status)
    {
        await using var dashboard = await StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(dashboard.AdminAddress, "/v1/machines"));
        request.Headers.Host = host;
        using var answer = await dashboard.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(status, answer.StatusCode);
    }

    [Theory]
    [InlineData("POST", "/machines")]
    [InlineData("DELETE", "/v1/machines")]
    [InlineData("PUT", "/v1/machines/vm-integration/analytics-v0/x")]
    [InlineData("POST", "/sign-in")]
    public async Task NothingCanBeWritten(string method, string path)
    {
        await using var dashboard = await StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(dashboard.AdminAddress, path));
        using var answer = await dashboard.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
    }

    [Fact]
    public async Task ListenersDoNotServeEachOther()
    {
        await using var dashboard = await StartAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(dashboard, $"{RunningDashboard.Group}/mesh-config")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(dashboard, "/healthz")).Status);
        foreach (var path in (string[])["/machines", "/v1/machines", "/assets/live.js", "/v1/events"])
            Assert.Equal(HttpStatusCode.NotFound, (await Call.Get(path).SendAsync(dashboard)).Status);
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=501")]
    [InlineData("limit=x")]
    [InlineData("state=Broken")]
    [InlineData("continue=%00")]
    [InlineData("continue=abc")]
    public async Task InvalidQueryIsRefused(string query)
    {
        await using var dashboard = await StartAsync();
        (await GetAsync(dashboard, $"/v1/machines?{query}")).IsProblem(400, "body-invalid");
        Assert.Equal(HttpStatusCode.BadRequest, (await GetAsync(dashboard, $"/machines?{query}")).Status);
    }

    [Fact]
    public async Task LinksOfALongSearchAreComplete()
    {
        await using var dashboard = await StartAsync();
        var search = Uri.EscapeDataString(new string('机', 253));
        var page = await GetAsync(dashboard, $"/machines?q={search}");
        Assert.Equal(HttpStatusCode.OK, page.Status);
        Assert.Contains($"href=\"/machines?state=Silent&amp;q={search}\"", page.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PagesOfTheListHaveEveryMachineOnce()
    {
        await using var dashboard = await StartAsync();
        for (var i = 0; i < 7; i++)
            await ReportAsync(dashboard, new TestAgent(), $"vm-{i}", "PortsOpen", i < 3 ? "True" : "False", i < 3 ? "Open" : "NotOpen");
        await UntilAsync(dashboard, "/v1/machines", "\"total\":7");

        var names = new List<string?>();
        string? next = null;
        do
        {
            var page = (await GetAsync(dashboard, $"/v1/machines?limit=3{(next is null ? "" : $"&continue={next}")}")).Json;
            Assert.Equal(7, page.GetProperty("total").GetInt32());
            names.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("name").GetString()));
            next = page.GetProperty("continue").GetString();
        }
        while (next is not null);
        Assert.Equal(Enumerable.Range(0, 7).Select(i => $"vm-{i}"), names);

        var filtered = (await GetAsync(dashboard, "/v1/machines?state=Degraded&q=VM-5")).Json;
        Assert.Equal("vm-5", Assert.Single(filtered.GetProperty("items").EnumerateArray()).GetProperty("name").GetString());
        Assert.Equal(0, (await GetAsync(dashboard, "/v1/machines?namespace=elsewhere")).Json.GetProperty("total").GetInt32());
    }

    [Fact]
    public async Task EventStreamReportsAMachineThatChanges()
    {
        await using var dashboard = await StartAsync();
        var agent = new TestAgent();
        await ReportAsync(dashboard, agent, "vm-1", "PortsOpen", "True", "Open");
        await UntilAsync(dashboard, "/v1/machines", "vm-1");
        using var stream = new StreamReader(await dashboard.Client.GetStreamAsync(
            new Uri(dashboard.AdminAddress, "/v1/events"), TestContext.Current.CancellationToken));
        Assert.Equal("ready", (await EventAsync(stream)).Name);

        await ReportAsync(dashboard, agent, "vm-1", "PortsOpen", "False", "NotOpen");
        var (name, data) = await EventAsync(stream);
        Assert.Equal("machine", name);
        Assert.Equal("Degraded", data.GetProperty("state").GetString());
        Assert.Equal($"{agent.Uuid}", data.GetProperty("uuid").GetString());
    }

    [Fact]
    public async Task FaultOfTheMeshDescriptionIsShown()
    {
        await using var dashboard = await StartAsync();
        dashboard.Folder.Write(RunningDashboard.MeshFileName, "publicUrl: https://smm.example.com\ngroups: 1\n");
        await UntilAsync(dashboard, "/mesh", "the last valid version is in effect");
        await UntilAsync(dashboard, "/v1/mesh", "groups");
    }

    [Fact]
    public async Task CommandWritesATokenThatOnlyItsOwnerReads()
    {
        await using var dashboard = await StartAsync();
        var commands = (await GetAsync(dashboard, "/v1/groups/vm-integration/analytics-v0")).Json.GetProperty("addMachine");
        Assert.StartsWith("(umask 077; openssl ", commands[0].GetProperty("command").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task FirstReportAndHistoryAreKept()
    {
        await using var dashboard = await StartAsync();
        var agent = new TestAgent();
        for (var i = 0; i < 22; i++)
        {
            await ReportAsync(dashboard, agent, "vm-1", "PortsOpen", i % 2 == 0 ? "True" : "False", $"R{i}");
            await UntilAsync(dashboard, $"/v1/machines/vm-integration/analytics-v0/{agent.Uuid}", $"\"reason\":\"R{i}\"");
            await UntilAsync(dashboard, $"/v1/machines/vm-integration/analytics-v0/{agent.Uuid}", i == 0 ? "R0" : $"\"toReason\":\"R{i}\"");
        }

        var machine = (await GetAsync(dashboard, $"/v1/machines/vm-integration/analytics-v0/{agent.Uuid}")).Json;
        Assert.Equal(20, machine.GetProperty("history").GetArrayLength());
        Assert.Equal("R21", machine.GetProperty("history")[0].GetProperty("toReason").GetString());
    }

    internal static Task<RunningDashboard> StartAsync() => RunningDashboard.StartAsync(new() { HasAdmin = true });

    internal static async Task<Answer> GetAsync(RunningDashboard dashboard, string path) =>
        await (Call.Get($"{new Uri(dashboard.AdminAddress, path)}") with { Token = null }).SendAsync(dashboard);

    internal static async Task<string> UntilAsync(RunningDashboard dashboard, string path, string text)
    {
        var last = "";
        await Until.TrueAsync(
            async () => (last = (await GetAsync(dashboard, path)).Text).Contains(text, StringComparison.Ordinal),
            $"{path} has {text}", lastSeen: () => last);
        return last;
    }

    internal static async Task ReportAsync(
        RunningDashboard dashboard, TestAgent agent, string host, string type, string status, string reason)
    {
        var body = TestAgent.ReportOf("198.18.0.7").Replace("vm-1", host, StringComparison.Ordinal)
            .Replace("PortsOpen", type, StringComparison.Ordinal).Replace("\"True\"", $"\"{status}\"", StringComparison.Ordinal)
            .Replace("\"Open\"", $"\"{reason}\"", StringComparison.Ordinal);
        var answer = await (agent.Report() with { Body = body }).SendAsync(dashboard);
        Assert.True(answer.Status == HttpStatusCode.NoContent, answer.Text);
    }

    private static async Task<(string Name, JsonElement Data)> EventAsync(StreamReader stream)
    {
        var name = "";
        while (true)
        {
            var line = await stream.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(10));
            if (line?.StartsWith("event: ", StringComparison.Ordinal) == true)
                name = line["event: ".Length..];
            if (line?.StartsWith("data: ", StringComparison.Ordinal) == true)
                return (name, JsonDocument.Parse(line["data: ".Length..]).RootElement);
        }
    }
}
