using SmmDashboard.Http;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Tokens;

/// <summary>The API server is killed while VMs go on asking.</summary>
[Collection(RunningApiServer.Restarts)]
public sealed class ReviewOutageTests(RunningApiServer server)
{
    [Fact]
    public async Task KnownTokenStaysValidForTenMinutesAndNoTokenIsRefused()
    {
        using var accounts = await TestAccounts.StartAsync(server);
        var (known, unknown) = (await accounts.TokenAsync(), await accounts.TokenAsync());
        await accounts.AcceptedAsync(known);

        await server.KillAsync();
        try
        {
            for (var minutes = 0; minutes < 9; minutes += 3)
            {
                accounts.Time.Advance(TimeSpan.FromMinutes(3));
                Assert.Equal([accounts.Group.Id], (await accounts.AcceptedAsync(known)).Opens);
                await Assert.ThrowsAsync<UnavailableException>(() => accounts.ValidateAsync(unknown).AsTask());
            }

            accounts.Time.Advance(TimeSpan.FromMinutes(1));
            var unavailable = await Assert.ThrowsAsync<UnavailableException>(() => accounts.ValidateAsync(known).AsTask());
            Assert.Equal("the token cannot be checked now: the dashboard gets no answer from the Kubernetes API, its log has the reason",
                unavailable.Message);
            unavailable = await Assert.ThrowsAsync<UnavailableException>(
                () => accounts.Requester.RequestAsync(
                    accounts.Account, "istio-ca", TimeSpan.FromHours(1), null, TestContext.Current.CancellationToken));
            Assert.Equal("no token can be made now: the dashboard gets none from the Kubernetes API, its log has the reason",
                unavailable.Message);
        }
        finally
        {
            await server.StartServerAsync();
        }

        await accounts.AcceptedAsync(known);
        await accounts.AcceptedAsync(unknown);
        Assert.StartsWith(
            "Error: Cannot review the tokens of agents: create tokenreviews.authentication.k8s.io: the API server cannot be reached",
            accounts.ReviewLog.Lines[0], StringComparison.Ordinal);
        Assert.Equal("Information: The tokens of agents can be reviewed again", accounts.ReviewLog.Lines[^1]);
    }
}
