using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using SmmAgent.Contract;
using SmmDashboard.Access;
using SmmDashboard.Groups;
using SmmDashboard.Http;
using SmmDashboard.Kubernetes.Tests.Running;
using SmmDashboard.Kubernetes.Tokens;

namespace SmmDashboard.Kubernetes.Tests.Tokens;

/// <summary>A client without a token presents many forged ones, and a client with a token requests too many.</summary>
public sealed class TokenFloodTests(RunningApiServer server)
{
    private const string Reviews = "/apis/authentication.k8s.io/v1/tokenreviews";

    [Fact]
    public async Task ReviewsOfInvalidTokensAreLimitedAndAKnownTokenAlwaysEnters()
    {
        await server.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(server);
        using var accounts = await TestAccounts.StartAsync(server, proxy.Address);
        var rates = new RequestRates.Settings { UnknownTokensPerClient = new(5, 0.1), FailuresPerClient = new(1_000, 1) };
        var access = new GroupAccess(
            accounts.Mesh, accounts.Reviews, new RequestRates(rates, accounts.Time, NullLogger.Instance), accounts.Time,
            NullLogger<GroupAccess>.Instance);
        var token = await accounts.TokenAsync();
        Assert.NotEqual(429, (await EnterAsync(access, accounts, token)).Status);
        var before = proxy.Requests.Count(request => request == Reviews);

        var answers = new List<int>();
        for (var guess = 0; guess < 20; guess++)
            answers.Add((await EnterAsync(access, accounts, Guess(guess))).Status);

        Assert.Equal(Enumerable.Repeat(401, 5).Concat(Enumerable.Repeat(429, 15)), answers);
        Assert.Equal(5, proxy.Requests.Count(request => request == Reviews) - before);
        accounts.Time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(404, (await EnterAsync(access, accounts, token)).Status);
    }

    [Fact]
    public async Task ValidTokensOfOneAddressAreNotLimited()
    {
        using var accounts = await TestAccounts.StartAsync(server);
        var rates = new RequestRates.Settings { UnknownTokensPerClient = new(2, 0.001) };
        var access = new GroupAccess(
            accounts.Mesh, accounts.Reviews, new RequestRates(rates, accounts.Time, NullLogger.Instance), accounts.Time,
            NullLogger<GroupAccess>.Instance);

        for (var vm = 0; vm < 10; vm++)
            Assert.Equal(404, (await EnterAsync(access, accounts, await accounts.TokenAsync())).Status);
    }

    [Fact]
    public async Task KnownTokenIsReviewedDuringAFloodOfForgedTokens()
    {
        await server.RequireAsync();
        await using var proxy = await FaultProxy.StartAsync(server);
        using var accounts = await TestAccounts.StartAsync(server, proxy.Address);
        var token = await accounts.TokenAsync();
        await accounts.AcceptedAsync(token);
        accounts.Time.Advance(TimeSpan.FromMinutes(3));
        for (var review = 0; review < 60; review++)
            proxy.AnswerNext(request => request == Reviews, context => AnswerOnlyAsync(context, token, accounts));

        var guesses = Enumerable.Range(0, 30).Select(guess => accounts.ValidateAsync(Guess(guess)).AsTask()).ToList();
        await accounts.AcceptedAsync(token).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.DoesNotContain(guesses, guess => guess.IsCompleted);
        accounts.Time.Advance(ReviewedTokens.Deadline);
        await Assert.ThrowsAsync<UnavailableException>(() => guesses[0]);
        await Task.WhenAll(guesses)
            .ContinueWith(_ => { }, TestContext.Current.CancellationToken, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    [Fact]
    public async Task TokenRateIsLimitedPerAccount()
    {
        using var accounts = await TestAccounts.StartAsync(server);
        using var requester = accounts.RequesterOf(new(3, 0.1));
        for (var times = 0; times < 3; times++)
            Assert.NotNull(await MakeAsync(requester, accounts.Account));

        var refused = await Assert.ThrowsAsync<UnavailableException>(() => MakeAsync(requester, accounts.Account));

        Assert.Equal($"too many tokens of the service account {accounts.Namespace}/vms are asked for", refused.Message);
        Assert.Equal(TimeSpan.FromSeconds(10), refused.RetryAfter);
        var other = await Assert.ThrowsAsync<UnavailableException>(() => MakeAsync(requester, new(accounts.Namespace, "other")));
        Assert.Contains("does not exist", other.Message, StringComparison.Ordinal);
        accounts.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.NotNull(await MakeAsync(requester, accounts.Account));
    }

    private static Task<TokenResponse?> MakeAsync(TokenRequester requester, ServiceAccount account) =>
        requester.RequestAsync(account, DashboardApi.SidecarAudience, TimeSpan.FromHours(1), null, TestContext.Current.CancellationToken);

    private static string Guess(int number) =>
        $"{Jwt.Encode("""{"alg":"RS256"}""")}.{Jwt.Encode($$"""{"sub":"guess {{number}}"}""")}.c2lnbmF0dXJl";

    // As the API server answers a valid token; any other one gets no answer.
    private static async Task AnswerOnlyAsync(HttpContext context, string token, TestAccounts accounts)
    {
        var review = (await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted))!;
        if ((string?)review["spec"]!["token"] != token)
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        review["status"] = JsonNode.Parse($$"""
            {"authenticated":true,"audiences":["{{TestAccounts.Audience}}"],"user":{"username":"system:serviceaccount:{{accounts.Namespace}}:vms","uid":"1"} }
            """);
        context.Response.StatusCode = StatusCodes.Status201Created;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(review.ToJsonString(), context.RequestAborted);
    }

    private static async Task<ApiProblem> EnterAsync(GroupAccess access, TestAccounts accounts, string token)
    {
        var context = new DefaultHttpContext { Connection = { RemoteIpAddress = IPAddress.Parse("192.0.2.7") } };
        context.Request.Headers.Authorization = $"Bearer {token}";
        context.Request.RouteValues["namespace"] = accounts.Namespace;
        context.Request.RouteValues["name"] = "web";
        // The WorkloadGroup has no configuration, so every accepted client gets 404.
        return (await access.EnterAsync(context)).Problem!;
    }
}
