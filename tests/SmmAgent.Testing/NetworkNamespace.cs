using System.Diagnostics;

namespace SmmAgent.Testing;

/// <summary>A new network namespace that is deleted with the object.</summary>
public sealed class NetworkNamespace : IDisposable
{
    public NetworkNamespace(string name)
    {
        Name = name;
        Shell.Run("ip", "netns", "add", name);
        Run("ip", "link", "set", "lo", "up");
    }

    public string Name { get; }

    /// <summary>The command line that runs a command inside.</summary>
    public string[] Inside(params string[] command) => ["ip", "netns", "exec", Name, .. command];

    /// <summary>Runs a command inside to its end.</summary>
    /// <returns>What it printed.</returns>
    public string Run(params string[] command) => Shell.Run(Inside(command));

    /// <summary>Runs a command inside to its end; the exit code may be any.</summary>
    public (int ExitCode, string Output) Try(params string[] command) => Shell.Try(Inside(command));

    /// <summary>Replaces <c>/etc/hosts</c> inside; programs there see the change immediately.</summary>
    public void SetHosts(params (string Name, string Address)[] hosts)
    {
        // ip-netns(8) mounts /etc/netns/NAME/FILE over /etc/FILE. The file is rewritten in place: a rename would not reach the mount.
        Directory.CreateDirectory(EtcDirectory);
        File.WriteAllLines(
            Path.Combine(EtcDirectory, "hosts"), ["127.0.0.1 localhost", .. hosts.Select(host => $"{host.Address} {host.Name}")]);
    }

    public void Dispose()
    {
        Shell.Try("ip", "netns", "delete", Name);
        if (Directory.Exists(EtcDirectory))
            Directory.Delete(EtcDirectory, recursive: true);
    }

    private string EtcDirectory => $"/etc/netns/{Name}";
}

/// <summary>Runs one program to its end.</summary>
public static class Shell
{
    /// <summary>The time limit of a program for which the test names none.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    public static string Run(params string[] command) => RunAtMost(Timeout, command);

    /// <summary>Runs a program to its end, within a time limit.</summary>
    public static string RunAtMost(TimeSpan patience, params string[] command)
    {
        var (exitCode, output) = Try(patience, command);
        return exitCode == 0
            ? output
            : throw new InvalidOperationException($"{string.Join(' ', command)} ended with exit code {exitCode}: {output}");
    }

    public static (int ExitCode, string Output) Try(params string[] command) => Try(Timeout, command);

    /// <param name="atMost">For a command that is slow by intention.</param>
    public static (int ExitCode, string Output) Try(TimeSpan atMost, params string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command.Skip(1))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        if (!process.WaitForExit(atMost))
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{string.Join(' ', command)} did not end in {atMost.TotalSeconds} s");
        }

        return (process.ExitCode, output.Result + error.Result);
    }
}
