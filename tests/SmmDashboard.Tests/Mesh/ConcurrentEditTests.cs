using System.Net;
using SmmDashboard.Access;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Groups;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Mesh;

/// <summary>Edits while agents wait: no agent misses a change, and no revoked token gets what the edit has changed.</summary>
public sealed class ConcurrentEditTests
{
    private const int Groups = 5;
    private const int Waiting = 40;
    private const int Edits = 300;

    [Fact]
    public async Task WaitingRequestsGetEveryLastChange()
    {
        var random = new Random(20_267);
        var ports = new int[Groups];
        var first = Read(null, ports);
        var mesh = new CurrentMesh(first.Settings);
        var description = new CurrentMeshDescription(first, mesh);
        using var ended = new CancellationTokenSource();
        var seen = new string?[Waiting];
        Task[] waiting = [.. Enumerable.Range(0, Waiting).Select(index => Task.Run(async () =>
        {
            while (!ended.IsCancellationRequested)
            {
                if (mesh.Find(Id(index % Groups)) is not { } group)
                {
                    Volatile.Write(ref seen[index], null);
                    await Task.Delay(1);
                    continue;
                }

                Volatile.Write(ref seen[index], group.Entry.Served!.ETag);
                // Without a wake this would be the only end of the wait.
                await group.WaitAsync(TimeSpan.FromMinutes(5), TimeProvider.System, ended.Token);
            }
        }))];

        for (var edit = 0; edit < Edits; edit++)
        {
            var group = random.Next(Groups);
            var isRemoved = ports[group] >= 0 && group > 0 && random.Next(4) == 0;
            ports[group] = isRemoved ? -1 : ports[group] + 1;
            description.Replace(Read(description.Mesh, ports));
            if (edit % 20 != 0)
                continue;

            await Until.TrueAsync(
                () => Enumerable.Range(0, Waiting).All(
                    index => Volatile.Read(ref seen[index]) == mesh.Find(Id(index % Groups))?.Entry.Served!.ETag),
                "all requests have the last change");
        }

        mesh.Stop();
        await ended.CancelAsync();
        await Until.DoneAsync(Task.WhenAll(waiting), "all requests end");
        Assert.All(mesh.Entries, entry => Assert.Equal(0, mesh.Find(entry.Id)!.Waiting));
    }

    [Fact]
    public async Task TokenThatAnEditRevokesDoesNotGetWhatTheEditChanges()
    {
        var tokens = new EditingTokens();
        await using var dashboard = await RunningDashboard.StartAsync(new() { Seams = new() { TokenValidator = tokens } });
        tokens.Edit = () => dashboard.Description.Replace(MeshDescriptionReader.Read(
            new MeshYaml { Groups = [MeshYaml.Group("analytics-v0", "new", ports: "{ http: 8099 }")] }.ToString(),
            dashboard.Description.Mesh).Value!);

        (await Call.MeshConfig().SendAsync(dashboard)).IsProblem(401, "token-invalid");

        Assert.Equal(2, tokens.Validated);
    }

    [Fact]
    public async Task RequestOfRemovedGroupEnds()
    {
        await using var dashboard = await RunningDashboard.StartAsync(new()
        {
            Mesh = new MeshYaml { Groups = [Yaml(0, 8080), MeshYaml.Group("group-1", "token-0")] },
        });
        var call = Call.MeshConfig(dashboard.Mesh.Find(Id(0))!.Entry.Served!.ETag, "wait=300") with
        {
            Path = RunningDashboard.Group.Replace("analytics-v0", "group-0", StringComparison.Ordinal) + "/mesh-config",
            Token = "token-0",
        };
        var held = call.SendAsync(dashboard);
        await Until.TrueAsync(() => dashboard.Mesh.Find(Id(0))!.Waiting == 1, "the request is held");

        dashboard.Description.Replace(MeshDescriptionReader.Read(
            new MeshYaml { Groups = [MeshYaml.Group("group-1", "token-0")] }.ToString(), dashboard.Description.Mesh).Value!);

        Assert.Equal(HttpStatusCode.NotFound, (await Until.DoneAsync(held, "the request ends")).Status);
    }

    private static GroupId Id(int group) => new("vm-integration", $"group-{group}");

    private static string Yaml(int group, int port) => MeshYaml.Group($"group-{group}", $"token-{group}", ports: $"{{ http: {port} }}");

    private static MeshDescription Read(MeshDescription? previous, int[] ports) => MeshDescriptionReader.Read(
        new MeshYaml
        {
            Groups =
            [
                .. ports.Select((port, group) => (Port: port, Group: group)).Where(one => one.Port >= 0)
                    .Select(one => Yaml(one.Group, 8000 + one.Port)),
            ],
        }.ToString(), previous).Value!;

    /// <summary>Accepts a token before an edit that revokes it.</summary>
    private sealed class EditingTokens : ITokenValidator
    {
        public Action? Edit { get; set; }

        public int Validated { get; private set; }

        public bool IsKnown(PresentedToken token) => true;

        public ValueTask<TokenValidation> ValidateAsync(PresentedToken token, CancellationToken cancellationToken)
        {
            if (++Validated > 1)
                return ValueTask.FromResult<TokenValidation>(new TokenValidation.Refused("TokenUnknown", "the token is unknown"));

            Edit?.Invoke();
            return ValueTask.FromResult<TokenValidation>(
                new TokenValidation.Accepted([new GroupId("vm-integration", "analytics-v0")], ["vm-integration"]));
        }
    }
}
