using System.Net;
using SmmDashboard.DialBack;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.OpenApi;

/// <summary>For each operation a successful call, and for each status the change that causes it.</summary>
public static class Scenario
{
    private const string Package = "/packages/p.deb";

    public static async Task<Answer> PlayAsync(string operationId, int status)
    {
        await using var dashboard = await RunningDashboard.StartAsync(new()
        {
            Mesh = new MeshYaml { Head = "publicUrl: https://smm.example.com\nminimumAgentVersion: 1.0.0\n" },
            HasCertificate = (operationId, status) != ("getAuthorities", 404),
            Rates = status == 429 ? new() { PerClient = new(0, 1) } : new(),
            AgentsPerGroup = status == 503 && operationId == "putReport" ? 1 : 10,
            Seams = new()
            {
                Addresses = new AddressPolicy(IPNetwork.Parse("127.0.0.0/8")),
                TokenValidator = status == 503 && operationId is not ("putReport" or "renewToken") ? new UnavailableTokens() : null,
                AgentTokens = new TestAgentTokens(isAvailable: status != 503),
            },
        });
        var agent = new TestAgent();
        await PrepareAsync(dashboard, agent, operationId, status);
        return await (await ChangeAsync(dashboard, Good(agent, operationId), operationId, status)).SendAsync(dashboard);
    }

    private static Call Good(TestAgent agent, string operationId) => operationId switch
    {
        "healthz" => Call.Get("/healthz") with { Token = null },
        "getInstallScript" => Call.Get("/get/smm-agent") with { Token = null },
        "getAuthorities" => Call.Get("/get/ca.pem") with { Token = null },
        "getPackage" => Call.Get(Package) with { Token = null },
        "getMeshConfig" => Call.MeshConfig(),
        "whoAmI" => Call.Get($"{RunningDashboard.Group}/whoami"),
        "makeToken" => new Call(HttpMethod.Post, $"{RunningDashboard.Group}/tokens") { Body = """{"audience":"istio-ca"}""" },
        "putReport" => (agent with { Instance = "00000000000000-b" }).Report(),
        "renewToken" => agent.Renewal(),
        "getRegistration" => agent.Registration(),
        "dialBack" => agent.DialBack("[16401]"),
        _ => throw new ArgumentOutOfRangeException(nameof(operationId), operationId, "has no scenario"),
    };

    private static async Task PrepareAsync(RunningDashboard dashboard, TestAgent agent, string operationId, int status)
    {
        if (status != 404)
        {
            dashboard.Folder.Write("packages/smm-agent_0.1.0_amd64.deb", "0123456789");
            dashboard.Folder.Write("packages/p.deb", "0123456789");
        }

        if (operationId is "getRegistration" or "dialBack" or "renewToken" && status is not (409 or 429))
            await agent.Report(status == 422 ? "169.254.169.254" : "127.0.0.1").SendAsync(dashboard);
        if ((operationId, status) == ("putReport", 409))
        {
            foreach (var instance in (string[])["00000000000000-a", "00000000000000-b", "00000000000000-a"])
                await (agent with { Instance = instance }).Report().SendAsync(dashboard);
        }

        if (status == 503 && operationId == "putReport")
        {
            var other = new TestAgent();
            await other.Report().SendAsync(dashboard);
            other.Prove(dashboard);
        }
    }

    private static async Task<Call> ChangeAsync(RunningDashboard dashboard, Call good, string operationId, int status) =>
        (operationId, status) switch
        {
            ("getPackage", 206) => With(good, "Range", "bytes=1-2"),
            ("getPackage", 416) => With(good, "Range", "bytes=99-"),
            (_, 304) => With(good, "If-None-Match", (await good.SendAsync(dashboard)).Headers["ETag"]),
            ("makeToken", 400) => good with { Body = """{"audience":"other"}""" },
            (_, 400) => good with { AgentKey = "short" },
            (_, 401) => good with { Token = "unknown" },
            (_, 403) => good with { Token = MeshYaml.OtherToken },
            ("getInstallScript" or "getPackage" or "getAuthorities", 404) => good,
            (_, 404) => good with { Path = good.Path.Replace("analytics-v0", "nothing", StringComparison.Ordinal) },
            (_, 413) => good with { Body = new string(' ', 300_000) },
            (_, 415) => good with { ContentType = "text/plain" },
            (_, 426) => With(good, "User-Agent", "smm-agent/0.9.0"),
            (_, 200 or 204 or 409 or 422 or 429 or 503) => good,
            _ => throw new ArgumentOutOfRangeException(nameof(status), status, $"of {operationId} has no scenario"),
        };

    private static Call With(Call call, string header, string value) =>
        call with { Headers = new Dictionary<string, string>(call.Headers) { [header] = value } };
}
