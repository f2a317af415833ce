using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using SmmDashboard.Agents;
using SmmDashboard.Groups;

namespace SmmDashboard.Tests.Running;

/// <summary>One request as an agent makes it.</summary>
public sealed record Call(HttpMethod Method, string Path)
{
    public string? Token { get; init; } = MeshYaml.Token;

    public string? Body { get; init; }

    public string ContentType { get; init; } = "application/json";

    public string? AgentKey { get; init; }

    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    public static Call Get(string path) => new(HttpMethod.Get, path);

    public static Call MeshConfig(string? etag = null, string? prefer = null)
    {
        var headers = new Dictionary<string, string>();
        if (etag is not null)
            headers["If-None-Match"] = etag;
        if (prefer is not null)
            headers["Prefer"] = prefer;
        return Get($"{RunningDashboard.Group}/mesh-config") with { Headers = headers };
    }

    public async Task<Answer> SendAsync(RunningDashboard dashboard)
    {
        using var request = new HttpRequestMessage(Method, Path);
        if (Token is not null)
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {Token}");
        if (AgentKey is not null)
            request.Headers.TryAddWithoutValidation("Agent-Key", AgentKey);
        request.Headers.UserAgent.ParseAdd("smm-agent/1.2.3");
        foreach (var (name, value) in Headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (Body is not null)
            request.Content = new StringContent(Body, Encoding.UTF8, MediaTypeHeaderValue.Parse(ContentType));
        using var response = await dashboard.Client.SendAsync(request, TestContext.Current.CancellationToken);
        var content = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        return new Answer(response.StatusCode, response.Content.Headers.ContentType?.MediaType, content, AllHeaders(response));
    }

    private static Dictionary<string, string> AllHeaders(HttpResponseMessage response) =>
        response.Headers.Concat(response.Content.Headers)
            .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
}

public sealed record Answer(HttpStatusCode Status, string? MediaType, byte[] Content, IReadOnlyDictionary<string, string> Headers)
{
    public string Text => Encoding.UTF8.GetString(Content);

    public JsonElement Json => JsonDocument.Parse(Content).RootElement;

    public string? Code => Json.GetProperty("code").GetString();

    public string? Detail => Json.GetProperty("detail").GetString();

    public void IsProblem(int status, string code)
    {
        Assert.Equal((HttpStatusCode)status, Status);
        Assert.Equal("application/problem+json", MediaType);
        Assert.Equal(code, Code);
        Assert.Equal(status, Json.GetProperty("status").GetInt32());
    }
}

/// <summary>One agent: its uuid, its key, and its calls.</summary>
public sealed record TestAgent(Guid Uuid, string Key)
{
    public TestAgent()
        : this(Guid.NewGuid(), System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32)))
    {
    }

    public string Path => $"{RunningDashboard.Group}/agents/{Uuid}";

    /// <summary>The boot of the host in the reports; null for an agent that reports none.</summary>
    public string? Instance { get; init; }

    public static string ReportOf(string address, string? instance = null) =>
        $$"""
        { "host": { "hostname": "vm-1", "os": "Debian GNU/Linux 12 (bookworm)", "architecture": "amd64" },
          "address": { "value": "{{address}}", "source": "configured" },
          "interfaceAddresses": [ "10.0.0.7", "fe80::1%eth0" ],
          "versions": { "agent": "0.1.0", "sidecar": null },
          "conditions": [ { "type": "PortsOpen", "status": "True", "reason": "Open", "message": "4 ports",
                            "lastTransitionTime": "2026-01-02T03:04:05.678Z" } ],
          "reportedAt": "2026-01-02T03:04:05+00:00"{{(instance is null ? "" : $", \"instance\": \"{instance}\"")}} }
        """;

    public Call Report(string address = "198.18.0.7") => new(HttpMethod.Put, Path) { Body = ReportOf(address, Instance), AgentKey = Key };

    public Call Registration() => Call.Get($"{Path}/registration") with { AgentKey = Key };

    /// <summary>Requests the registration until a condition holds that depends on another connection.</summary>
    public async Task UntilRegistrationAsync(RunningDashboard dashboard, Func<JsonElement, bool> isSo)
    {
        Answer? last = null;
        await Until.TrueAsync(
            async () =>
            {
                last = await Registration().SendAsync(dashboard);
                return last.Status == HttpStatusCode.OK && isSo(last.Json);
            },
            "the registration is as expected", lastSeen: () => last!.Text);
    }

    /// <summary>Marks the agent as reached, as after a dial-back.</summary>
    public void Prove(RunningDashboard dashboard) =>
        dashboard.App.Services.GetRequiredService<IAgentStore>().Prove(new GroupId("vm-integration", "analytics-v0"), Uuid);

    public Call Renewal() => new(HttpMethod.Post, $"{Path}/token") { AgentKey = Key };

    public Call DialBack(string ports, string nonce = "0123456789abcdefXYZ_-") =>
        new(HttpMethod.Post, $"{Path}/dial-back") { Body = $$"""{"ports":{{ports}},"nonce":"{{nonce}}"}""", AgentKey = Key };
}
