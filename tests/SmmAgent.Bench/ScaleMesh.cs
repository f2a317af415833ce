using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using SmmAgent.Testbed;

namespace SmmAgent.Bench;

/// <summary>An embedded dashboard with any number of WorkloadGroups, each with a bearer token of its own.</summary>
internal sealed class ScaleMesh : IAsyncDisposable
{
    public const string Namespace = "bench";

    private readonly int _port;
    private readonly string _folder;
    private readonly string _head;
    private readonly string[] _tokens;
    private readonly int[] _ports;
    private TestbedProcess? _dashboard;

    private ScaleMesh(int port, int groups)
    {
        _port = port;
        _folder = Directory.CreateTempSubdirectory("smm-bench-").FullName;
        _tokens = [.. Enumerable.Range(0, groups).Select(_ => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(24)))];
        _ports = [.. Enumerable.Repeat(8080, groups)];
        var authority = new DashboardCertificate(_folder, "127.0.0.1", TimeSpan.FromDays(-1), TimeSpan.FromDays(29));
        new MeshFile(FilePath, File.ReadAllText(authority.AuthorityFile))
        {
            PublicUrl = $"http://127.0.0.1:{port}", Gateways = [("gateway", ["198.51.100.10"])],
        }.Write();
        var text = File.ReadAllText(FilePath);
        _head = text[..text.IndexOf("\ngroups:", StringComparison.Ordinal)];
    }

    /// <summary>The process id of the dashboard.</summary>
    public int Process => _dashboard!.Id;

    /// <summary>The time from the start of the process to its first answer.</summary>
    public TimeSpan Listening { get; private set; }

    private string FilePath => Path.Combine(_folder, "mesh.yaml");

    public static string Group(int group) => $"group-{group}";

    public static async Task<ScaleMesh> StartAsync(int port, int groups, params string[] options)
    {
        var mesh = new ScaleMesh(port, groups);
        mesh.Render();
        var watch = Stopwatch.StartNew();
        mesh._dashboard = new TestbedProcess([
            .. Programs.Dashboard, "--mesh", mesh.FilePath, "--listen", $"http://127.0.0.1:{port}", "--client-rate", "1000000",
            "--total-rate", "1000000", .. options,
        ]);
        while (!await AnswersAsync(port))
        {
            if (mesh._dashboard.HasExited || watch.Elapsed > TimeSpan.FromMinutes(1))
                throw new InvalidOperationException(mesh._dashboard.Output);
            await Task.Delay(5);
        }

        mesh.Listening = watch.Elapsed;
        return mesh;
    }

    /// <summary>Changes a port of one group in the file.</summary>
    public void Write(int edited)
    {
        _ports[edited]++;
        Render();
    }

    /// <summary>Conditional GETs per second, of clients that ask for different groups.</summary>
    public async Task<double> GetsAsync(int clients, TimeSpan time)
    {
        var watch = Stopwatch.StartNew();
        var counts = await Task.WhenAll(Enumerable.Range(0, clients).Select(async index =>
        {
            var group = (int)((long)index * _tokens.Length / clients);
            using var socket = await PollingAgents.ConnectAsync(_port, index);
            var request = Request(group, await ETagAsync(group), wait: null);
            var buffer = new byte[8192];
            var count = 0;
            while (watch.Elapsed < time)
            {
                await socket.SendAsync(request);
                var answer = Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer));
                if (!answer.StartsWith("HTTP/1.1 304", StringComparison.Ordinal) || !answer.EndsWith("\r\n\r\n", StringComparison.Ordinal))
                    throw new InvalidOperationException($"unexpected answer: {answer}");
                count++;
            }

            return count;
        }));
        return counts.Sum() / watch.Elapsed.TotalSeconds;
    }

    /// <summary>Holds agents in long-poll: agent number i belongs to group i modulo the number of groups.</summary>
    public async Task HoldAsync(PollingAgents fleet, int agents)
    {
        var etags = new string[_tokens.Length];
        for (var group = 0; group < etags.Length; group++)
            etags[group] = await ETagAsync(group);
        await fleet.HoldAsync(_port, agents, index => Request(index % etags.Length, etags[index % etags.Length], wait: 290));
        await CheckHeldAsync(fleet);
    }

    /// <summary>Holds all agents of the only group again, after a change.</summary>
    public async Task HoldAgainAsync(PollingAgents fleet)
    {
        await fleet.HoldAgainAsync(Request(0, await ETagAsync(0), wait: 290));
        await CheckHeldAsync(fleet);
    }

    private async Task CheckHeldAsync(PollingAgents fleet)
    {
        await Task.Delay(TimeSpan.FromSeconds(3)); // the last requests follow the accepted connections
        if (fleet.Answered > 0)
            throw new InvalidOperationException($"{fleet.Answered} agents are not held: {_dashboard!.Output}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_dashboard is not null)
            await _dashboard.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<bool> AnswersAsync(int port)
    {
        try
        {
            using var socket = await PollingAgents.ConnectAsync(port, index: 0);
            await socket.SendAsync("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"u8.ToArray());
            return await socket.ReceiveAsync(new byte[512]) > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private byte[] Request(int group, string? etag, int? wait) => PollingAgents.Request(
        _port, $"/v1/namespaces/{Namespace}/workloadgroups/{Group(group)}", _tokens[group], etag, wait);

    private async Task<string> ETagAsync(int group)
    {
        using var socket = await PollingAgents.ConnectAsync(_port, index: 0);
        await socket.SendAsync(Request(group, null, wait: null));
        var buffer = new byte[16 * 1024];
        var answer = Encoding.ASCII.GetString(buffer, 0, await socket.ReceiveAsync(buffer));
        const string Header = "\r\nETag: ";
        var start = answer.IndexOf(Header, StringComparison.Ordinal);
        return start < 0 ? throw new InvalidOperationException(answer)
            : answer[(start + Header.Length)..answer.IndexOf("\r\n", start + Header.Length, StringComparison.Ordinal)];
    }

    private void Render()
    {
        var text = new StringBuilder(_head).Append("\ngroups:\n");
        for (var group = 0; group < _tokens.Length; group++)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"- {{ namespace: {Namespace}, name: {Group(group)}, serviceAccount: default, network: vm-network-1, "
                + $"ports: {{ http: {_ports[group]} }}, "
                + $"tokenSha256s: [{Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(_tokens[group])))}] }}\n");
        }

        File.WriteAllText(FilePath + ".new", text.ToString());
        File.Move(FilePath + ".new", FilePath, overwrite: true);
    }
}
