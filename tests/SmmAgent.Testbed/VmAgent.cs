using System.Text.Json;
using System.Text.Json.Nodes;

namespace SmmAgent.Testbed;

/// <summary>The published agent on the testbed's VM: its files are below one folder, and a socket stands in for systemd.</summary>
public sealed class VmAgent : IAsyncDisposable
{
    private readonly MeshTestbed _testbed;

    public VmAgent(MeshTestbed testbed)
    {
        _testbed = testbed;
        Root = Directory.CreateDirectory(Path.Combine(testbed.Folder, "vm")).FullName;
        Directory.CreateDirectory(ConfigFolder);
        Directory.CreateDirectory(Path.Combine(Root, "run", "smm-agent"));
        WriteSettings();
        WriteToken(testbed.Mesh.Token);
    }

    public string Root { get; }

    public string ConfigFolder => Path.Combine(Root, "etc", "smm");

    public string StatusFile => Path.Combine(Root, "run", "smm-agent", "status.json");

    public TestbedProcess? Process { get; private set; }

    public NotifySocket? Systemd { get; private set; }

    /// <summary>Writes agent.yaml as an operator would, or whole as <paramref name="text"/> has it.</summary>
    public void WriteSettings(string? text = null) => Replace("agent.yaml", text ?? $"""
        dashboard:
          url: {_testbed.DashboardUrl}
          {(_testbed.DashboardAuthority is { } authority ? $"caFile: {authority}" : "allowPlaintext: true")}
        workloadGroup:
          namespace: vm-integration
          name: analytics-v0
        node:
          ip: auto
          addressProviders: [{MeshTestbed.EchoUrl}]
        sidecar:
          mode: off

        """);

    public void WriteToken(string token) => Replace("bearer-token", token + "\n");

    /// <summary>Starts <c>smm-agent run</c>, without waiting for READY.</summary>
    public void Start(IReadOnlyDictionary<string, string>? environment = null)
    {
        File.Delete(StatusFile); // the status of an earlier daemon proves nothing
        Systemd = new NotifySocket(Path.Combine(_testbed.Folder, $"notify-{Guid.NewGuid():N}"));
        Process = new TestbedProcess(
            Command("run"),
            new Dictionary<string, string>(environment ?? new Dictionary<string, string>()) { ["NOTIFY_SOCKET"] = Systemd.Path });
    }

    public async Task StartAndBeReadyAsync()
    {
        Start();
        await UntilAsync(() => Systemd!.HasReceived("READY=1"), "READY=1");
    }

    /// <summary>Runs a command of the agent on the VM to its end.</summary>
    public (int ExitCode, string Output) Run(params string[] arguments) => Shell.Try(Command(arguments));

    /// <summary>The command line of the agent on the VM.</summary>
    public string[] Command(params string[] arguments) => _testbed.Vm.Inside([Programs.Agent, "--root", Root, .. arguments]);

    /// <summary>status.json as it is now; null before the first.</summary>
    public JsonNode? Status()
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(StatusFile));
        }
        catch (Exception exception) when (exception is FileNotFoundException or JsonException)
        {
            return null;
        }
    }

    /// <summary>A condition as status.json has it; empty strings before it does.</summary>
    public (string Status, string Reason, string Message) Condition(string type)
    {
        var condition = Status()?["conditions"]?.AsArray().FirstOrDefault(node => (string?)node!["type"] == type);
        return ((string?)condition?["status"] ?? "", (string?)condition?["reason"] ?? "", (string?)condition?["message"] ?? "");
    }

    /// <summary>Waits until a condition has a status, and a reason if one is given.</summary>
    /// <returns>How long it took.</returns>
    /// <summary>The uuid that it reports under; empty before its first status.</summary>
    public string Uuid() => Status()?["agent"]?["uuid"]?.GetValue<string>() ?? "";

    public Task<TimeSpan> UntilConditionAsync(string type, string status, string? reason = null, TimeSpan? patience = null) =>
        UntilAsync(
            () => Condition(type) is var now && now.Status == status && (reason is null || now.Reason == reason),
            $"{type} is {status} {reason}",
            patience);

    public Task<TimeSpan> UntilAsync(Func<bool> condition, string what, TimeSpan? patience = null) =>
        Until.TrueAsync(
            () => condition()
                || (Process is { HasExited: true } ? throw new InvalidOperationException($"the agent ended:\n{Process.Output}") : false),
            what,
            patience,
            () => $"{Status()}\n{Process?.Output}");

    /// <summary>SIGTERM, as systemd stops a service.</summary>
    /// <returns>How long the agent took to end.</returns>
    public async Task<TimeSpan> StopAsync()
    {
        var took = await Process!.StopAsync();
        await DisposeAsync();
        return took;
    }

    public async ValueTask DisposeAsync()
    {
        if (Process is { } process)
            await process.DisposeAsync();
        Process = null;
        Systemd?.Dispose();
        Systemd = null;
    }

    private void Replace(string name, string text)
    {
        var temporary = Path.Combine(ConfigFolder, $".{name}.new");
        File.WriteAllText(temporary, text);
        File.SetUnixFileMode(temporary, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        File.Move(temporary, Path.Combine(ConfigFolder, name), overwrite: true);
    }
}
