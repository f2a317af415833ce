using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using SmmAgent.Contract;
using SmmDashboard.Admin;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Startup;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.BrowserTests.Running;

/// <summary>The dashboard itself on loopback, with its admin listener and machines that report over HTTP.</summary>
public sealed class ShownDashboard : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly TemporaryFolder _folder;
    private readonly HttpClient _client;

    private ShownDashboard(WebApplication app, TemporaryFolder folder)
    {
        (_app, _folder) = (app, folder);
        var addresses = Dashboard.Addresses(app);
        _client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(addresses[0]) };
        Admin = new Uri(addresses[^1]);
    }

    /// <summary>The URL of the admin listener.</summary>
    public Uri Admin { get; }

    public static async Task<ShownDashboard> StartAsync(DashboardTestHooks? hooks = null)
    {
        var folder = new TemporaryFolder();
        var yaml = new MeshYaml().ToString();
        var options = new DashboardOptions
        {
            Mesh = folder.Write("mesh.yaml", yaml),
            Listen = [new Listen(new IPEndPoint(IPAddress.Loopback, 0), IsTls: false)],
            Admin = new AdminOptions(new IPEndPoint(IPAddress.Loopback, 0), null),
        };
        var app = Dashboard.Build(options, MeshDescriptionReader.Read(yaml).Value!, hooks ?? new DashboardTestHooks());
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new ShownDashboard(app, folder);
    }

    public Uri Page(string path) => new(Admin, path);

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _folder.Dispose();
    }

    internal async Task ReportAsync(TestMachine machine)
    {
        using var request = new HttpRequestMessage(
            HttpMethod.Put, $"{DashboardApi.GroupPath(machine.Namespace, machine.Group)}/agents/{machine.Uuid}");
        request.Headers.TryAddWithoutValidation(
            "Authorization", $"Bearer {(machine.Group == "analytics-v0" ? MeshYaml.Token : MeshYaml.OtherToken)}");
        request.Headers.TryAddWithoutValidation(DashboardApi.AgentKeyHeader, machine.Key);
        request.Content = new StringContent(
            JsonSerializer.Serialize(machine.Report(), ContractJson.Default.AgentReport), Encoding.UTF8, "application/json");
        using var answer = await _client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}

/// <summary>A machine whose reports a test chooses.</summary>
internal sealed record TestMachine(string Name, string Address)
{
    private static readonly string[] Types =
    [
        "ConfigCurrent", "TokenCurrent", "DashboardReachable", "AddressKnown", "GatewaysReachable", "PortsOpen", "ReachableFromCluster",
        "SidecarInstalled", "SidecarCurrent", "SidecarRunning", "Registered", "Healthy",
    ];

    public Guid Uuid { get; init; } = Guid.NewGuid();

    public string Key { get; } = System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    public string Group { get; init; } = "analytics-v0";

    public string Namespace => Group == "analytics-v0" ? "vm-integration" : "other";

    public string Version { get; init; } = "0.1.0";

    /// <summary>A condition that differs from the others, which hold.</summary>
    public (string Type, string Status, string Reason, string Message)? Bad { get; init; }

    public AgentReport Report() => new()
    {
        Host = new HostReport(Name, "Debian GNU/Linux 12 (bookworm)", "amd64"),
        Address = new AddressReport(Address, "configured"),
        InterfaceAddresses = [Address, "fe80::1"],
        Versions = new VersionReport(Version, "1.24.3"),
        Conditions = [.. Types.Select(Condition)],
        ReportedAt = TimeProvider.System.GetUtcNow(),
    };

    private Condition Condition(string type) => Bad is var (bad, status, reason, message) && bad == type
        ? new() { Type = type, Status = status, Reason = reason, Message = message, LastTransitionTime = TimeProvider.System.GetUtcNow() }
        : new()
        {
            Type = type, Status = "True", Reason = Reason(type), Message = $"{type} holds",
            LastTransitionTime = TimeProvider.System.GetUtcNow().AddHours(-3),
        };

    private static string Reason(string type) => type switch
    {
        "ConfigCurrent" or "TokenCurrent" or "SidecarCurrent" => "Current",
        "AddressKnown" => "Known",
        "PortsOpen" => "Open",
        "SidecarInstalled" => "Installed",
        "SidecarRunning" => "Running",
        "Registered" => "Registered",
        "Healthy" => "Healthy",
        _ => "Reachable",
    };
}
