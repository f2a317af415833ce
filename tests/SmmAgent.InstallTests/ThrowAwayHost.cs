using System.Diagnostics;
using SmmAgent.Testbed;

namespace SmmAgent.InstallTests;

/// <summary>
/// This host's root file system under a layer in memory, in its own mount namespace: dpkg, apt, rpm and shells are real, and the layer
/// contains exactly their changes. The layer is discarded with the object.
/// </summary>
public sealed class ThrowAwayHost : IAsyncDisposable
{
    private const string Layer = "/mnt/layer";
    private const string Root = "/mnt/root";

    // The longest test starts thousands of shells, perhaps on a busy machine.
    private static readonly TimeSpan AtMost = TimeSpan.FromMinutes(10);
    private static readonly string[] Environment = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "TERM=dumb"];

    private readonly TestbedProcess _holder;
    private string _before = "";

    private ThrowAwayHost(TestbedProcess holder) => _holder = holder;

    public static async Task<ThrowAwayHost> StartAsync(NetworkNamespace network)
    {
        var host = new ThrowAwayHost(
            new TestbedProcess(network.Inside("unshare", "--mount", "--propagation", "private", "sleep", "infinity")));
        try
        {
            // The process is in its namespaces as soon as it executes its program.
            await Until.TrueAsync(
                () => File.ReadAllText($"/proc/{host._holder.Id}/comm") == "sleep\n", "the namespace is made", lastSeen: () =>
                    host._holder.Output);
            host.Mount();
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public static string OsRelease(string id, string like = "", string name = "Test Linux 1") =>
        $"ID={id}\nID_LIKE=\"{like}\"\nPRETTY_NAME=\"{name}\"\n";

    public void Write(string path, string text, bool isExecutable = false)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(path))!);
        File.Delete(At(path)); // and not the target of a link
        File.WriteAllText(At(path), text);
        if (isExecutable)
            File.SetUnixFileMode(At(path), (UnixFileMode)0b111_101_101);
    }

    public void Append(string path, string text) => File.AppendAllText(At(path), text);

    public void Copy(string file, string path) => File.Copy(file, At(path), overwrite: true);

    public void Remove(string path) => File.Delete(At(path));

    /// <summary>Replaces each program of a folder by one program.</summary>
    public void ReplacePrograms(string folder, string program)
    {
        var names = Directory.EnumerateFileSystemEntries(At(folder)).Select(path => Path.GetFileName(path)).ToList();
        var stubs = Directory.CreateDirectory(At($"/poisoned{folder}"));
        foreach (var name in names)
            File.CreateSymbolicLink(Path.Combine(stubs.FullName, name), program);
        InNamespace("mount", "--bind", $"{Root}/poisoned{folder}", $"{Root}{folder}");
    }

    public string Read(string path) => File.ReadAllText(At(path));

    public bool Has(string path) => File.Exists(At(path));

    /// <summary>Runs a command on this host, as root.</summary>
    public string Run(params string[] command) => Shell.Run([.. Enter(), .. Environment, "chroot", Root, .. command]);

    public (int ExitCode, string Output) Try(params string[] command) =>
        Shell.Try([.. Enter(), .. Environment, "chroot", Root, .. command]);

    /// <summary>Runs a script that comes through a pipe, as from curl.</summary>
    /// <param name="shell">The shell's words.</param>
    public Task<CommandOutput> PipeAsync(string script, string shell = "sh", string user = "0:0", params string[] options) =>
        PipeAsync(script, shell, user, options, _ => Task.CompletedTask);

    /// <summary>Runs a script as the foreground job of a terminal, and sends the job a signal once a condition holds.</summary>
    public Task<CommandOutput> InterruptAsync(string script, string shell, string signal, Func<bool> when, params string[] options) =>
        PipeAsync(script, shell, "0:0", options, async job =>
        {
            await Until.TrueAsync(when, "what the signal waits for");
            Shell.Run("kill", $"-{signal}", "--", $"-{job}");
        });

    private async Task<CommandOutput> PipeAsync(string script, string shell, string user, string[] options, Func<int, Task> meanwhile)
    {
        string[] command =
        [
            "setsid", .. Enter(), .. Environment, "chroot", $"--userspec={user}", Root, .. shell.Split(' '), .. options.Length == 0
                ? (string[])[] : ["-s", "--", .. options],
        ];
        using var process = Process.Start(new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(script);
        process.StandardInput.Close();
        try
        {
            await meanwhile(process.Id);
            await process.WaitForExitAsync().WaitAsync(AtMost);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return new(process.ExitCode, await output, await error);
    }

    /// <summary>Ends the preparation: <see cref="Changes"/> lists the changes after this call.</summary>
    public void Settle() => _before = Listing();

    /// <summary>Each created, changed or removed file, and everything that remains in /tmp.</summary>
    public IReadOnlyList<string> Changes() => [.. Listing().Split('\n').Except(_before.Split('\n'))];

    public async ValueTask DisposeAsync() => await _holder.DisposeAsync();

    // A written file has a new time of change, to the nanosecond; a directory changes with its entries. A removed file is a
    // device of the layer's.
    private string Listing() =>
        InNamespace("find", $"{Layer}/upper", "-mindepth", "1", "!", "-type", "d", "-printf", "/%P %y %m %U:%G %s %C@\n")
        + InNamespace("find", $"{Layer}/upper", "-mindepth", "1", "-type", "d", "-printf", "/%P/ %m %U:%G\n")
        + InNamespace("find", $"{Root}/tmp", "-mindepth", "1", "-printf", "/tmp/%P\n");

    private void Mount()
    {
        InNamespace("mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", "/mnt");
        InNamespace("mkdir", "-p", $"{Layer}/upper", $"{Layer}/work", Root);
        InNamespace("mount", "-t", "overlay", "overlay", "-o", $"lowerdir=/,upperdir={Layer}/upper,workdir={Layer}/work", Root);
        InNamespace("mount", "--rbind", "/proc", $"{Root}/proc");
        InNamespace("mount", "--rbind", "/dev", $"{Root}/dev");
        InNamespace("mount", "-t", "tmpfs", "-o", "mode=1777,size=256m", "tmpfs", $"{Root}/tmp");
        InNamespace("mount", "-t", "tmpfs", "-o", "mode=0755,size=64m", "tmpfs", $"{Root}/run");
        // No mirror is reachable; apt only knows the lists of the test.
        InNamespace("rm", "-rf", $"{Root}/etc/apt", $"{Root}/var/lib/apt/lists", $"{Root}/etc/smm");
        foreach (var folder in (string[])[
            "etc/apt/sources.list.d", "etc/apt/apt.conf.d", "etc/apt/preferences.d", "var/lib/apt/lists/partial", "etc/rpm", "var/lib/rpm"])
            Directory.CreateDirectory(At($"/{folder}"));
        Write("/etc/apt/sources.list", "");
        // Debian's rpm keeps root's packages in /root.
        Write("/etc/rpm/macros.database", "%_dbpath /var/lib/rpm\n");
    }

    private string At(string path) => $"/proc/{_holder.Id}/root{Root}{path}";

    private string InNamespace(params string[] command) => Shell.Run([.. Enter(), .. command]);

    private string[] Enter() => ["nsenter", "--target", $"{_holder.Id}", "--mount", "--net"];
}
