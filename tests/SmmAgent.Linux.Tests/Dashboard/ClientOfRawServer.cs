using Microsoft.Extensions.Time.Testing;
using SmmAgent.Linux.Dashboard;
using SmmAgent.Linux.Dashboard.Tokens;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Tests.Dashboard;

/// <summary>A client whose dashboard sends what a test has it send.</summary>
public abstract class ClientOfRawServer : IAsyncLifetime
{
    private protected DirectoryInfo Folder { get; } = Directory.CreateTempSubdirectory("smm-client");

    private protected FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero));

    private protected RawServer Server { get; } = new();

    private protected string TokenPath => Path.Combine(Folder.FullName, "bearer-token");

    public ValueTask InitializeAsync()
    {
        AtomicFile.Write(TokenPath, "secret-token\n", AtomicFile.Private);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Folder.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected async Task<DashboardResult<MeshConfigAnswer>> AskAsync(string answer, bool close = false)
    {
        using var client = Client();
        var call = client.GetMeshConfigAsync(null, TimeSpan.Zero, TestContext.Current.CancellationToken);
        if (await Task.WhenAny(call, Server.NextAsync()) is Task<RawRequest> request)
        {
            try
            {
                await (await request).WriteAsync(answer);
            }
            catch (IOException)
            {
                // The client has read enough.
            }

            (await request).End(close);
        }

        return await call;
    }

    private protected DashboardTarget Target(Uri? url = null) => new(url ?? Server.Url, Sample.Namespace, Sample.Name);

    private protected DashboardClient Client(Uri? url = null) => new(Target(url), null, new BearerTokenFile(TokenPath), "1.2.3", Time);
}
