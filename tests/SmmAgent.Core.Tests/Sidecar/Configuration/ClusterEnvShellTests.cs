using System.Diagnostics;
using System.Text;
using CsCheck;
using SmmAgent.Contract;
using SmmAgent.Core.Sidecar.Configuration;

namespace SmmAgent.Core.Tests.Sidecar.Configuration;

/// <summary>The values that real shells read from cluster.env, sourced as by istio-start.sh.</summary>
public sealed class ClusterEnvShellTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    // istio-start.sh is bash's; dash is what sh is on Debian.
    public static TheoryData<string> Shells => ["bash", "dash"];

    public void Dispose() => File.Delete(_file);

    [Theory]
    [MemberData(nameof(Shells))]
    public void ValueReachesTheShellUnchanged(string shell)
    {
        var text = Gen.OneOf(
            SidecarSamples.Any("'", "\"", "$", "${PATH}", "$(id >&2)", "`id >&2`", "\\", "\\'", "'\"'\"'", " ", "  ", "#", ";", "!", "*",
                "~", "=", "-n"),
            SidecarSamples.Any("\u00fc", "\u00a0", "\U0001F600", "\uFEFF", "\u0430\u0301"),
            Gen.Char[' ', '~'].Select(c => c.ToString()),
            Gen.String[Gen.Char['\u00a0', '\u2027'], 0, 8]);
        var value = text.Array[0, 8].Select(string.Concat);
        value.Array[1, 60].Sample(values =>
        {
            var written = values.Select((value, i) => ($"V_{i}", value)).ToArray();
            var seen = Sourced(shell, SidecarSamples.WithMetadata(written));
            return written.All(pair => seen.GetValueOrDefault(pair.Item1) == pair.value);
        }, iter: 100, threads: 1);
    }

    [Theory]
    [MemberData(nameof(Shells))]
    public void AcceptedNameIsNotASpecialVariableOfTheShell(string shell)
    {
        var names = Run("bash", "-c",
            "compgen -v; compgen -A variable BASH; set -o posix; set | while IFS='=' read -r name rest; do echo \"$name\"; done")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Concat(
                ["_", "OPTIND", "OPTARG", "TMOUT", "HISTSIZE", "LANG", "LC_ALL", "TERM", "HOSTNAME", "COLUMNS", "LINES", "MAILCHECK",
                    "IGNOREEOF", "FCEDIT", "http_proxy"])
            .Where(name => EnvironmentNames.Rule(name) is null)
            .Distinct()
            .ToArray();
        Assert.Contains("HOSTNAME", names);

        (string Name, string Value)[] written = [.. names.Select(name => (name, "a b"))];
        var seen = Sourced(shell, SidecarSamples.WithMetadata(written));
        Assert.All(written, pair => Assert.Equal(pair.Value, seen.GetValueOrDefault(pair.Name)));
    }

    private Dictionary<string, string> Sourced(string shell, MeshConfig config)
    {
        File.WriteAllText(_file, SidecarSamples.Render(config).File(SidecarFiles.ClusterEnvironment));
        return Run(shell, "-c", "set -e; set -a; . \"$1\"; set +a; exec /usr/bin/env -0", shell, _file)
            .Split('\0', StringSplitOptions.RemoveEmptyEntries)
            .ToDictionary(line => line[..line.IndexOf('=', StringComparison.Ordinal)],
                line => line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..]);
    }

    private static string Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(
            program, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
            StandardOutputEncoding = new UTF8Encoding(false)
        };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/bin:/bin";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal("", errors.Result);
        Assert.Equal(0, process.ExitCode);
        return output;
    }
}
