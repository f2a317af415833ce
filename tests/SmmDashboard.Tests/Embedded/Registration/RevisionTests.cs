using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Embedded.Registration;

/// <summary>istiod sees only the entries of its own revision.</summary>
public sealed class RevisionTests
{
    private const string Right = "cp-v115x.istio-system";
    private const string Next = "cp-v116x.istio-system";
    private const string Name = "analytics-v0-198.18.0.7-vm-network-1";

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    [Theory]
    [InlineData(null)]
    [InlineData(Right)]
    public async Task EntryWithLabelOfControlPlaneOrNoneIsRegisteredAndTakenOver(string? label)
    {
        await using var dashboard = await StartAsync(Mesh(Right));
        var agent = await AgentAsync(dashboard);
        await using var first = await RegisterAsync(dashboard, label);
        await using var second = await RegisterAsync(dashboard, label);
        await AnswerAsync(dashboard, agent, "Registered");
    }

    [Fact]
    public async Task EntryOfOtherRevisionBlocksItsSidecarUntilTenSecondsAfterDisconnect()
    {
        await using var dashboard = await StartAsync(Mesh(Right));
        var agent = await AgentAsync(dashboard);
        await using (var old = await RegisterAsync(dashboard, Right))
        {
            dashboard.Description.Replace(Read(Mesh(Next)));
            var moving = await AnswerAsync(dashboard, agent, "StaleEntry");
            Assert.Equal(
                $"WorkloadEntry {Name} belongs to revision {Right}, but the control plane of this VM is {Next}; "
                    + "move the sidecar with: sudo systemctl restart istio",
                moving.GetProperty("message").GetString());
        }

        // Even the right label does not help, because the name is taken.
        var refusal = await AskAsync(dashboard, Next);
        Assert.Equal("StaleEntry", refusal.GetProperty("reason").GetString());
        Assert.Equal($"workloadentries.networking.istio.io \"{Name}\" already exists", refusal.GetProperty("message").GetString());
        await agent.UntilRegistrationAsync(dashboard, answer =>
        {
            _clock.Advance(TimeSpan.FromSeconds(5));
            return answer.GetProperty("workloadEntry").ValueKind == JsonValueKind.Null;
        });

        await using var moved = await RegisterAsync(dashboard, Next);
        await AnswerAsync(dashboard, agent, "Registered");
    }

    [Fact]
    public async Task ClaimOfForeignAddressNeitherExcludesOwnerNorTakesEntry()
    {
        await using var dashboard = await StartAsync(Mesh(Right));
        var (one, two) = (await AgentAsync(dashboard), await AgentAsync(dashboard));
        await using var claim = await RegisterAsync(dashboard, "theirs", two.Uuid);

        await using (await RegisterAsync(dashboard, Right, one.Uuid))
        {
            await AnswerAsync(dashboard, one, "Registered");
            await AnswerAsync(dashboard, two, "StaleEntry");
        }

        await one.UntilRegistrationAsync(dashboard, answer => answer.GetProperty("reason").GetString() == "NotConnected");
        await AnswerAsync(dashboard, two, "StaleEntry");
    }

    [Theory]
    [InlineData("not a label")]
    [InlineData("")]
    [InlineData("-x")]
    public async Task InvalidRevisionLabelIsRefused(string label)
    {
        await using var dashboard = await StartAsync(Mesh(Right));
        var refusal = await AskAsync(dashboard, label);
        Assert.Equal("RequestInvalid", refusal.GetProperty("reason").GetString());
        Assert.StartsWith($"labels.istio.io/rev: '{label}' is not a label value", refusal.GetProperty("message").GetString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReconnectKeepsLabelsOfEntry()
    {
        await using var dashboard = await StartAsync(Mesh(Right));
        var agent = await AgentAsync(dashboard);
        await using var first = await RegisterAsync(dashboard, Right);
        await using var second = await RegisterAsync(dashboard, "theirs");

        await AnswerAsync(dashboard, agent, "Registered");
    }

    [Fact]
    public async Task LabelsOfSidecarOverrideLabelsOfGroup()
    {
        var group = MeshYaml.Group("analytics-v0", MeshYaml.Token)
            .Replace("metadataLabels: { app: analytics, version: v0 }", "metadataLabels: { istio.io/rev: theirs }",
                StringComparison.Ordinal);
        await using var dashboard = await StartAsync(Mesh(Right) with { Groups = [group] });
        var agent = await AgentAsync(dashboard);

        await using (await RegisterAsync(dashboard, Right))
            await AnswerAsync(dashboard, agent, "Registered");
        await using (await RegisterAsync(dashboard, null, address: "198.18.0.9"))
        {
            var other = await AgentAsync(dashboard, "198.18.0.9");
            Assert.Contains("belongs to revision theirs",
                (await AnswerAsync(dashboard, other, "StaleEntry")).GetProperty("message").GetString(), StringComparison.Ordinal);
        }
    }

    private static MeshYaml Mesh(string label) => new() { RevisionLabel = label };

    private static MeshDescription Read(MeshYaml mesh) => MeshDescriptionReader.Read(mesh.ToString()).Value!;

    private Task<RunningDashboard> StartAsync(MeshYaml mesh) =>
        RunningDashboard.StartAsync(new() { Mesh = mesh, HasRegistration = true, Seams = new() { Clock = _clock } });

    private static async Task<TestAgent> AgentAsync(RunningDashboard dashboard, string address = "198.18.0.7")
    {
        var agent = new TestAgent();
        Assert.Equal(HttpStatusCode.NoContent, (await agent.Report(address).SendAsync(dashboard)).Status);
        return agent;
    }

    private static async Task<TestSidecar> RegisterAsync(
        RunningDashboard dashboard, string? label, Guid? uuid = null, string address = "198.18.0.7")
    {
        var sidecar = await TestSidecar.ConnectAsync(dashboard);
        var reply = await sidecar.AskAsync(
            TestSidecar.Request(await TestSidecar.TokenAsync(dashboard), address, uuid: uuid, revision: label));
        Assert.True(reply.GetProperty("registered").GetBoolean(), reply.GetRawText());
        return sidecar;
    }

    private static async Task<JsonElement> AskAsync(RunningDashboard dashboard, string label)
    {
        await using var sidecar = await TestSidecar.ConnectAsync(dashboard);
        return await sidecar.AskAsync(TestSidecar.Request(await TestSidecar.TokenAsync(dashboard), revision: label));
    }

    private static async Task<JsonElement> AnswerAsync(RunningDashboard dashboard, TestAgent agent, string reason)
    {
        var answer = (await agent.Registration().SendAsync(dashboard)).Json;
        Assert.Equal(reason, answer.GetProperty("reason").GetString());
        Assert.Equal(reason == "Registered", answer.GetProperty("registered").GetBoolean());
        return answer;
    }
}
