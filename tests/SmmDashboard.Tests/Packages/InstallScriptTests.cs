using System.Security.Cryptography;
using System.Text;
using SmmDashboard.Packages;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Packages;

public sealed class InstallScriptTests
{
    [Fact]
    public async Task ScriptWithoutPackagesIs404WithInstructions()
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        dashboard.Folder.Write("packages/istio-sidecar_1.15.3_amd64.deb", "another");

        var answer = await Script.SendAsync(dashboard);

        answer.IsProblem(404, "not-found");
        Assert.Contains("smm-agent_VERSION_{amd64,arm64}.deb", answer.Detail, StringComparison.Ordinal);
        Assert.Contains("--packages", answer.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ScriptHasConfiguredUrlAndChecksumsAndIgnoresHostHeader()
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        dashboard.Folder.Write("packages/smm-agent_0.1.0_amd64.deb", "0123456789");
        dashboard.Folder.Write("packages/smm-agent-0.1.0-1.aarch64.rpm", "abc");
        dashboard.Folder.Write("packages/package-keys", "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\nanother\n");

        var answer = await (Script with { Headers = new Dictionary<string, string> { ["Host"] = "evil.example.com" } })
            .SendAsync(dashboard);

        Assert.Equal("text/x-shellscript", answer.MediaType);
        Assert.Equal($"{answer.Content.Length}", answer.Headers["Content-Length"]);
        var table = $"{Sha256("abc")} 3 smm-agent-0.1.0-1.aarch64.rpm\n{Sha256("0123456789")} 10 smm-agent_0.1.0_amd64.deb";
        var expected = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "install.sh"))
            .Replace("url='@PUBLIC_URL@'", "url='https://smm.example.com'", StringComparison.Ordinal)
            .Replace("package_key='@PACKAGE_KEY@'", "package_key='MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE='",
                StringComparison.Ordinal)
            .Replace("packages='@PACKAGES@'", $"packages='{table}'", StringComparison.Ordinal);
        Assert.Equal(expected, answer.Text);
    }

    [Fact]
    public async Task ScriptListsNewestPackageOfEachFormatAndArchitecture()
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        foreach (var name in new[]
        {
            "smm-agent_0.9.0_amd64.deb", "smm-agent_0.10.0_amd64.deb", "smm-agent_0.10.0~rc1_amd64.deb", "smm-agent_0.2.0_arm64.deb",
            "smm-agent-0.9.0-1.x86_64.rpm", "smm-agent-0.10.0-1.x86_64.rpm", "smm-agent-0.10.0-2.x86_64.rpm",
                "smm-agent-0.3.0-1.aarch64.rpm",
        })
            dashboard.Folder.Write($"packages/{name}", name);

        Assert.Equal(
            ["smm-agent-0.3.0-1.aarch64.rpm", "smm-agent_0.10.0_amd64.deb", "smm-agent_0.2.0_arm64.deb", "smm-agent-0.10.0-2.x86_64.rpm"],
            await TableAsync(dashboard));
    }

    [Fact]
    public async Task ScriptIgnoresOtherFiles()
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        dashboard.Folder.Write("packages/smm-agent_0.1.0_amd64.deb", "1");
        foreach (var name in new[]
        {
            "smm-agent-dbgsym_0.2.0_amd64.deb", "smm-agent_0.2.0_i386.deb", "smm-agent_0.2.0_amd64.deb.part", "smm-agent_'$(id)'_amd64.deb",
            "smm-agent_0.2.0'; id; '_amd64.deb", "smm-agent_0.2.0\nid_amd64.deb", "smm-agent_0.2.0_amd64.deb\n",
                "smm-agent_0.2.0 x_amd64.deb",
            "smm-agent-0.2.0-1.i686.rpm", "smm-agent-0.2.0-1'.x86_64.rpm", "smm-agent-0.2.0^`id`-1.x86_64.rpm", "SHA256SUMS",
        })
            dashboard.Folder.Write($"packages/{name}", "x");
        Directory.CreateDirectory(dashboard.Folder.Path("packages/smm-agent_0.3.0_amd64.deb"));
        File.CreateSymbolicLink(dashboard.Folder.Path("packages/smm-agent_0.4.0_amd64.deb"), "../mesh.yaml");

        Assert.Equal(["smm-agent_0.1.0_amd64.deb"], await TableAsync(dashboard));
    }

    [Fact]
    public async Task ReplacedPackageHasNewChecksumAtOnce()
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        dashboard.Folder.Write("packages/smm-agent_0.1.0_amd64.deb", "0123456789");
        Assert.Contains(Sha256("0123456789"), (await Script.SendAsync(dashboard)).Text, StringComparison.Ordinal);

        dashboard.Folder.Replace("packages/smm-agent_0.1.0_amd64.deb", "9876543210");

        var text = (await Script.SendAsync(dashboard)).Text;
        Assert.Contains(Sha256("9876543210"), text, StringComparison.Ordinal);
        Assert.DoesNotContain(Sha256("0123456789"), text, StringComparison.Ordinal);
    }

    [Fact]
    public void InsertedTextIsQuotedAsOneWord()
    {
        const string Hostile = "https://x/'; id; '$(id)`id`\\";

        var script = InstallScript.Render(Hostile, [new AgentPackage("sha", 1, "it's")], key: null);

        Assert.Contains("\nurl='https://x/'\\''; id; '\\''$(id)`id`\\'\n", script, StringComparison.Ordinal);
        Assert.Contains("\npackages='sha 1 it'\\''s'\n", script, StringComparison.Ordinal);
    }

    private static Call Script => Call.Get("/get/smm-agent") with { Token = null };

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(text)));

    private static async Task<string[]> TableAsync(RunningDashboard dashboard)
    {
        var text = (await Script.SendAsync(dashboard)).Text;
        var start = text.IndexOf("\npackages='", StringComparison.Ordinal) + "\npackages='".Length;
        return [.. text[start..text.IndexOf('\'', start)].Split('\n').Select(line => line.Split(' ')[2])];
    }
}
