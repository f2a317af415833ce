using Microsoft.AspNetCore.Http;
using SmmAgent.Contract;
using SmmDashboard.Access;
using SmmDashboard.Http;
using SmmDashboard.Kubernetes.Tests.Running;
using SmmDashboard.Kubernetes.Tokens;

namespace SmmDashboard.Kubernetes.Tests.Tokens;

/// <summary>When a token is reviewed again, and how many reviews there are.</summary>
public sealed class ReviewTimesTests(RunningApiServer server)
{
    private const string Reviews = "/apis/authentication.k8s.io/v1/tokenreviews";

    [Fact]
    public async Task TokenEndsWithItsSecretWithinTheCacheTime()
    {
        using var accounts = await TestAccounts.StartAsync(server);
        await accounts.CreateSecretAsync("vm1");
        var token = await accounts.TokenAsync(secret: "vm1");
        await accounts.AcceptedAsync(token);

        await accounts.DeleteSecretAsync("vm1");

        var refused = await accounts.UntilRefusedAsync(token);
        Assert.Equal(ProblemReasons.TokenRevoked, refused.Reason);
        Assert.Contains("has been invalidated; make one: ", refused.Detail, StringComparison.Ordinal);
        await accounts.AcceptedAsync(token);
        accounts.Time.Advance(TimeSpan.FromMinutes(2.5));
        Assert.Equal(refused, await accounts.RefusedAsync(token));
    }

    [Fact]
    public async Task TokenEndsWithItsAccountEvenIfTheNameIsReused()
    {
        using var accounts = await TestAccounts.StartAsync(server);
        var token = await accounts.TokenAsync();
        await accounts.DeleteAccountAsync();
        await accounts.CreateAccountAsync();

        Assert.Equal(ProblemReasons.TokenRevoked, (await accounts.UntilRefusedAsync(token)).Reason);
    }

    [Fact]
    public async Task HundredRequestsWithOneTokenAreOneReview()
    {
        await using var proxy = await StartProxyAsync();
        using var accounts = await TestAccounts.StartAsync(server, proxy.Address);
        var token = await accounts.TokenAsync();

        var verdicts = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(() => accounts.AcceptedAsync(token))));

        Assert.All(verdicts, verdict => Assert.Equal([accounts.Group.Id], verdict.Opens));
        Assert.Equal([Reviews], proxy.Requests);
    }

    [Fact]
    public async Task CancelledCallerDoesNotEndTheReviewOfTheOthers()
    {
        await using var proxy = await StartProxyAsync();
        using var accounts = await TestAccounts.StartAsync(server, proxy.Address);
        var token = new PresentedToken(await accounts.TokenAsync());
        var (asked, answer) = (new TaskCompletionSource(), new TaskCompletionSource());
        proxy.AnswerNext(IsReview, async context =>
        {
            asked.SetResult();
            await answer.Task;
            context.Response.StatusCode = 201;
            await context.Response.WriteAsync(
                $$$"""{"status":{"authenticated":true,"audiences":["smm-dashboard"],"user":{"username":"{{{accounts.Account.Subject}}}" } } }""");
        });
        using var gone = new CancellationTokenSource();
        var first = accounts.Reviews.ValidateAsync(token, gone.Token).AsTask();
        var second = accounts.Reviews.ValidateAsync(token, TestContext.Current.CancellationToken).AsTask();
        await asked.Task.WaitAsync(Until.Patience, TestContext.Current.CancellationToken);

        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        answer.SetResult();

        Assert.IsType<TokenValidation.Accepted>(await second);
        Assert.Equal([Reviews], proxy.Requests);
    }

    [Fact]
    public async Task ValidTokenIsReviewedAfterTwoMinutesAndARefusedOneAfterTenSeconds()
    {
        await using var proxy = await StartProxyAsync();
        using var accounts = await TestAccounts.StartAsync(server, proxy.Address);
        var (good, bad) = (await accounts.TokenAsync(), await accounts.TokenAsync("other"));

        await accounts.AcceptedAsync(good);
        await accounts.RefusedAsync(bad);
        accounts.Time.Advance(TimeSpan.FromSeconds(9));
        await accounts.RefusedAsync(bad);
        Assert.Equal(2, proxy.Requests.Count);
        accounts.Time.Advance(TimeSpan.FromSeconds(1));
        await accounts.RefusedAsync(bad);
        Assert.Equal(3, proxy.Requests.Count);

        // Two minutes, ten per cent more or less.
        accounts.Time.Advance(TimeSpan.FromSeconds(97));
        await accounts.AcceptedAsync(good);
        Assert.Equal(3, proxy.Requests.Count);
        accounts.Time.Advance(TimeSpan.FromSeconds(26));
        await accounts.AcceptedAsync(good);
        Assert.Equal(4, proxy.Requests.Count);
    }

    [Fact]
    public async Task KnownTokenEndsAtItsExpiry()
    {
        using var accounts = await TestAccounts.StartAsync(server);
        var token = await accounts.TokenAsync();
        await accounts.AcceptedAsync(token);

        accounts.Time.Advance(TimeSpan.FromMinutes(61));

        Assert.Equal(ProblemReasons.TokenExpired, (await accounts.RefusedAsync(token)).Reason);
    }

    [Fact]
    public async Task ReviewByASilentApiServerEndsAfterFiveSeconds()
    {
        await using var proxy = await StartProxyAsync();
        using var accounts = await TestAccounts.StartAsync(server, proxy.Address);
        var asked = new TaskCompletionSource();
        proxy.AnswerNext(IsReview, async context =>
        {
            asked.SetResult();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        var verdict = accounts.ValidateAsync(await accounts.TokenAsync()).AsTask();
        await asked.Task.WaitAsync(Until.Patience, TestContext.Current.CancellationToken);

        accounts.Time.Advance(ReviewedTokens.Deadline);

        Assert.Equal(TimeSpan.FromSeconds(5), (await Assert.ThrowsAsync<UnavailableException>(() => verdict)).RetryAfter);
        Assert.Contains("did not answer within 5 s", Assert.Single(accounts.ReviewLog.Lines), StringComparison.Ordinal);
    }

    private static bool IsReview(string request) => request == Reviews;

    private async Task<FaultProxy> StartProxyAsync()
    {
        await server.RequireAsync();
        return await FaultProxy.StartAsync(server);
    }
}
