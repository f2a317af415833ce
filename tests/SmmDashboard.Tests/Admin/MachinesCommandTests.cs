using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using SmmDashboard.Startup;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Admin;

/// <summary><c>smm-dashboard machines</c> against a running dashboard.</summary>
public sealed class MachinesCommandTests
{
    [Fact]
    public async Task TableAndJsonHaveTheSelectedMachines()
    {
        await using var dashboard = await AdminPagesTests.StartAsync();
        await AdminPagesTests.ReportAsync(dashboard, new TestAgent(), "vm-1", "PortsOpen", "True", "Open");
        await AdminPagesTests.ReportAsync(dashboard, new TestAgent(), "vm-2", "PortsOpen", "False", "NotOpen");
        await AdminPagesTests.UntilAsync(dashboard, "/v1/machines", "vm-2");

        var (exitCode, output, error) = await RunAsync("--server", $"{dashboard.AdminAddress}");
        Assert.Equal((0, ""), (exitCode, error));
        var lines = output.TrimEnd().Split('\n');
        Assert.Equal(["NAME", "GROUP", "ADDRESS", "STATE", "REASON", "AGENT", "SIDECAR", "SEEN"], Words(lines[0]));
        Assert.Equal(["vm-1", "vm-integration/analytics-v0", "198.18.0.7", "Attached", "-", "0.1.0", "-"], Words(lines[1])[..7]);
        Assert.Contains("Degraded  PortsOpen: NotOpen", lines[2], StringComparison.Ordinal);

        (_, output, _) = await RunAsync("--server", $"{dashboard.AdminAddress}", "--state", "Degraded", "-o", "json");
        var item = Assert.Single(JsonDocument.Parse(output).RootElement.GetProperty("items").EnumerateArray());
        Assert.Equal("vm-2", item.GetProperty("name").GetString());

        (_, output, _) = await RunAsync("--server", $"{dashboard.AdminAddress}", "vm-integration/analytics-v0/vm-2");
        Assert.Contains("✗ PortsOpen", output, StringComparison.Ordinal);
        Assert.Contains("fix: run that command", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServerThatDoesNotAnswerOrRefusesIsAFailure()
    {
        await using var dashboard = await AdminPagesTests.StartAsync();
        var (exitCode, _, error) = await RunAsync("--server", $"{dashboard.AdminAddress}", "a/b/c");
        Assert.Equal(1, exitCode);
        Assert.Contains("answered 404: the machine does not exist", error, StringComparison.Ordinal);

        (exitCode, _, error) = await RunAsync("--server", "http://127.0.0.1:1");
        Assert.Equal(1, exitCode);
        Assert.Equal(
            "smm-dashboard: http://127.0.0.1:1/ does not answer: nothing listens on 127.0.0.1:1 (connection refused); start the dashboard "
            + "with --admin 127.0.0.1:1, or give --server the URL of its admin listener\n",
            error);

        // The API for VMs is no admin listener.
        (exitCode, _, error) = await RunAsync("--server", $"{dashboard.BaseAddress}");
        Assert.Equal(
            (1, $"smm-dashboard: {dashboard.BaseAddress} answered 404, so it is not the admin listener of a dashboard; give --server "
                + "the URL of --admin\n"),
            (exitCode, error));
    }

    [Fact]
    public async Task CertificateThatIsNotTrustedAndAnotherProtocolAreReportedWithTheFix()
    {
        await using var dashboard = await RunningDashboard.StartAsync(new() { IsTls = true });
        var (exitCode, _, error) = await RunAsync("--server", $"{dashboard.BaseAddress}");
        Assert.Equal(
            (1, $"smm-dashboard: {dashboard.BaseAddress} is not trusted: its certificate is signed by an authority that is not trusted; "
                + "give the authority: --ca-file PEM\n"),
            (exitCode, error));

        await using var plain = await RunningDashboard.StartAsync();
        var url = new UriBuilder(plain.BaseAddress) { Scheme = "https" }.Uri;
        (exitCode, _, error) = await RunAsync("--server", $"{url}");
        Assert.Equal(
            (1, $"smm-dashboard: {url} does not answer in TLS; if the admin listener has no certificate, use http://\n"),
            (exitCode, error));
    }

    [Theory]
    [InlineData("--server ftp://x", "is not an http or https URL")]
    [InlineData("--state Broken", "Broken")]
    [InlineData("one/two", "NAMESPACE/GROUP/UUID")]
    [InlineData("--token-file /nowhere", "/nowhere")]
    [InlineData("--server http://198.51.100.1 --token-file /dev/null", "is not https")]
    [InlineData("-o xml", "xml")]
    public async Task WrongUsageIsReportedWithExitCode2(string line, string named)
    {
        var (exitCode, _, error) = await RunAsync(line.Split(' '));
        Assert.Equal(2, exitCode);
        Assert.Contains(named, error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RegistrationIsNotExpectedWithoutAManagedSidecar()
    {
        await using var server = await ServeAsync(_ => """
            {"namespace":"n","group":"g","uuid":"u","name":"vm-1","state":"Attached","condition":"","reason":"Attached","agentVersion":"1",
            "lastSeen":"2026-11-29T12:00:00Z","conditions":[{"type":"Registered","status":"False","reason":"NotConnected","message":"m",
            "lastTransitionTime":"2026-11-29T12:00:00Z","fix":"start the sidecar"},{"type":"SidecarRunning","status":"Unknown",
            "reason":"Disabled","message":"m","lastTransitionTime":"2026-11-29T12:00:00Z","fix":null}]}
            """);

        var (_, output, _) = await RunAsync("--server", server.Urls.Single(), "n/g/u");

        Assert.Contains("\n– Registered ", output, StringComparison.Ordinal);
        Assert.DoesNotContain("fix:", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnswerOfAServerCannotControlTheTerminalOrListForever()
    {
        var machine = """
            {"namespace":"n","group":"g","uuid":"u","name":"vm-1","state":"NotAttached","condition":"c","reason":"r","agentVersion":"1",
            "lastSeen":"2026-11-29T12:00:00Z","conditions":[{"type":"T","status":"False","reason":"R","message":"m",
            "lastTransitionTime":"2026-11-29T12:00:00Z","fix":"run `\u001b]0;title\u0007\u202e this`"}]}
            """;
        await using var server = await ServeAsync(path => path.StartsWith("/v1/machines/", StringComparison.Ordinal)
            ? machine
            : """{"items":[],"total":0,"counts":{},"continue":"again"}""");

        var (exitCode, output, _) = await RunAsync("--server", server.Urls.Single(), "n/g/u");
        Assert.Equal(0, exitCode);
        Assert.Contains("fix: run ?]0;title?? this", output, StringComparison.Ordinal);

        (exitCode, _, var error) = await RunAsync("--server", server.Urls.Single());
        Assert.Equal(1, exitCode);
        Assert.Contains("more than 200 pages", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--server http://user:secret@127.0.0.1:1")]
    [InlineData("--server ftp://user:secret@127.0.0.1")]
    [InlineData("--server http://user:secret@198.51.100.1 --token-file /dev/null")]
    public async Task PasswordInTheUrlIsNotPrinted(string line)
    {
        var (exitCode, output, error) = await RunAsync(line.Split(' '));
        Assert.NotEqual(0, exitCode);
        Assert.NotEmpty(error);
        Assert.DoesNotContain("secret", output + error, StringComparison.Ordinal);
    }

    private static async Task<WebApplication> ServeAsync(Func<string, string> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        app.Run(context => context.Response.WriteAsync(answer(context.Request.Path.Value!)));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private static string[] Words(string line) => line.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var exitCode = await EntryPoint.MainAsync(["machines", .. arguments], error, output);
        return (exitCode, output.ToString(), error.ToString());
    }
}
