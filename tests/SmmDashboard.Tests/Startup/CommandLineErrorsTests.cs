using SmmDashboard.Startup;

namespace SmmDashboard.Tests.Startup;

/// <summary>A wrong command line is answered with the mistake, a suggestion where there is one, and the help to read.</summary>
public sealed class CommandLineErrorsTests
{
    private const string Machines = "run: smm-dashboard machines";

    [Theory]
    [InlineData("machine", "there is no command 'machine'; did you mean 'machines'?")]
    [InlineData("machnies -o json", "there is no command 'machnies'; did you mean 'machines'?")]
    [InlineData("chekc --mesh m", "there is no command 'chekc'; did you mean 'check'?")]
    [InlineData("sign", "there is no command 'sign'; did you mean 'sign-packages'?")]
    [InlineData("help nope", "there is no command 'nope'")]
    [InlineData("x", "there is no command 'x'")]
    [InlineData("@file", "there is no command '@file'")]
    public void UnknownCommandIsReportedWithASuggestion(string line, string error) =>
        Assert.Equal($"smm-dashboard: {error}\nsee: smm-dashboard --help\n", Error(line));

    [Theory]
    [InlineData("get", Machines)]
    [InlineData("list", Machines)]
    [InlineData("LS", Machines)]
    [InlineData("vms", Machines)]
    [InlineData("describe vm-1", "run: smm-dashboard machines NAMESPACE/GROUP/NAME")]
    [InlineData("logs -f",
        "run: journalctl -u smm-dashboard -f, or for a cluster: kubectl -n smm-dashboard logs deployment/smm-dashboard -f")]
    [InlineData("status",
        "run: systemctl status smm-dashboard, or for a cluster: kubectl -n smm-dashboard get pods; to list the machines: "
            + "smm-dashboard machines")]
    [InlineData("serve",
        "the options without a command start the dashboard: smm-dashboard --mesh FILE --listen http://127.0.0.1:8080")]
    [InlineData("restart", "run: sudo systemctl restart smm-dashboard")]
    [InlineData("reload", "the mesh description is read again when it changes; to check it: smm-dashboard check --mesh FILE")]
    [InlineData("validate", "run: smm-dashboard check --mesh FILE, or: smm-dashboard check --kubernetes")]
    [InlineData("explain NotOpen", "run: smm-agent explain NAME, on a VM")]
    public void WordOfAnotherProgramIsReportedWithTheCommand(string line, string advice) => Assert.Equal(
        $"smm-dashboard: there is no command '{line.Split(' ')[0]}'; {advice}\nsee: smm-dashboard --help\n", Error(line));

    [Fact]
    public void UnknownWordBeforeACommandIsReported() => Assert.StartsWith(
        $"smm-dashboard: there is no command 'get'; {Machines}\n", Error("get machines"), StringComparison.Ordinal);

    [Theory]
    [InlineData("--frobnicate", "'smm-dashboard' has no option '--frobnicate'", "")]
    [InlineData("--mehs m --listen http://127.0.0.1:1", "'smm-dashboard' has no option '--mehs'; did you mean '--mesh'?", "")]
    [InlineData("--server x", "'smm-dashboard' has no option '--server'; it is an option of 'machines'", "")]
    [InlineData("-o json",
        "'smm-dashboard' has no option '-o'; it is an option of the commands check, machines, version", "")]
    [InlineData("machines --stat x", "'machines' has no option '--stat'; did you mean '--state'?", "machines")]
    [InlineData("machines -x", "'machines' has no option '-x'", "machines")]
    [InlineData("machines --tokn=secret", "'machines' has no option '--tokn'", "machines")]
    [InlineData("check --mash x", "'check' has no option '--mash'; did you mean '--mesh'?", "check")]
    [InlineData("machines a b", "'machines' takes no more than MACHINE", "machines")]
    [InlineData("check foo", "'check' does not accept 'foo'", "check")]
    [InlineData("check m.yaml", "'check' does not accept 'm.yaml'; did you mean '--mesh m.yaml'?", "check")]
    [InlineData("--mesh", "'--mesh' needs FILE", "")]
    [InlineData("--listen", "'--listen' needs http(s)://ADDR:PORT", "")]
    [InlineData("--mesh m.yaml check", "'--mesh' belongs after 'check'", "check")]
    [InlineData("machines --output", "'--output' needs text|json|yaml", "machines")]
    [InlineData("--mesh a --mesh b", "'--mesh' may be given only once", "")]
    [InlineData("--client-rate x", "--client-rate 'x' is not a whole number", "")]
    [InlineData("--client-rate 99999999999", "--client-rate '99999999999' is larger than 2147483647", "")]
    [InlineData("sign-packages --valid-days x", "--valid-days 'x' is not a whole number", "sign-packages")]
    [InlineData("--kubernetes=maybe", "'--kubernetes' does not accept the value 'maybe'", "")]
    [InlineData("version -o xml", "--output: 'xml' is not one of text, json, yaml; for example: --output json", "version")]
    [InlineData("check --kubernetes --output xml", "--output: 'xml' is not one of text, json, yaml; for example: --output json", "check")]
    public void WrongOptionIsNamedWithTheReason(string line, string error, string command) => Assert.Equal(
        $"smm-dashboard: {error}\nsee: smm-dashboard {(command.Length > 0 ? $"{command} " : "")}--help\n", Error(line));

    [Theory]
    [InlineData("", "--mesh FILE or --kubernetes is required, for example: --mesh mesh.yaml --listen http://127.0.0.1:8080")]
    [InlineData("--mesh m", "--listen is required, for example: --listen https://0.0.0.0:8443 --certificate PEM --key PEM")]
    [InlineData("--mesh m --listen 127.0.0.1:80",
        "--listen '127.0.0.1:80' does not begin with http:// or https://; for example: --listen https://0.0.0.0:8443")]
    [InlineData("--mesh m --listen http://localhost:80",
        "--listen 'localhost:80' does not have the form ADDR:PORT with an IP address; for example: 0.0.0.0:8443 or [::]:8443")]
    [InlineData("--mesh m --listen http://127.0.0.1:1 --status 99",
        "--status '99' does not have the form ADDR:PORT with an IP address; for example: 0.0.0.0:8443 or [::]:8443")]
    [InlineData("--mesh m --listen http://127.0.0.1:1 --admin 127.0.0.1:99999",
        "--admin '127.0.0.1:99999' does not have the form ADDR:PORT with an IP address; for example: 0.0.0.0:8443 or [::]:8443")]
    [InlineData("--mesh m --listen http://127.0.0.1:1 --registration x --registration-certificate c --registration-key k",
        "--registration 'x' does not have the form ADDR:PORT with an IP address; for example: 0.0.0.0:8443 or [::]:8443")]
    [InlineData("--mesh m --listen http://127.0.0.1:1 --packages /none",
        "--packages '/none' is not a folder: no such file or directory; name a folder that exists")]
    [InlineData("--mesh m --listen http://127.0.0.1:1 --packages /etc/passwd",
        "--packages '/etc/passwd' is not a folder, but a file; name a folder that exists")]
    [InlineData("--mesh m --listen http://127.0.0.1:1 --trusted-proxy proxy",
        "--trusted-proxy 'proxy' is neither an address nor a network; for example: --trusted-proxy 10.0.0.0/8")]
    [InlineData("--mesh m --listen http://127.0.0.1:1 --log-level verbose",
        "--log-level 'verbose' is not one of debug, information, warning, error; for example: --log-level debug")]
    [InlineData("--mesh m --listen http://127.0.0.1:1 --client-rate 0", "--client-rate '0' must be at least 1")]
    [InlineData("--mesh m --listen http://127.0.0.1:1 --total-rate -1", "--total-rate '-1' must be at least 1")]
    [InlineData("--mesh m --listen http://127.0.0.1:1 --connections 0", "--connections '0' must be at least 1")]
    [InlineData("--mesh m --listen http://127.0.0.1:1 --client-connections 0", "--client-connections '0' must be at least 1")]
    [InlineData("--mesh m --listen http://127.0.0.1:1 --new-agent-rate 0", "--new-agent-rate '0' must be at least 1")]
    [InlineData("--mesh m --listen http://127.0.0.1:1 --idle-timeout 0",
        "--idle-timeout '0' is not a number of seconds from 1 to 86400")]
    [InlineData("--mesh m --listen http://127.0.0.1:1 --admin 0.0.0.0:90",
        "--admin '0.0.0.0:90' is not a loopback address: with --mesh no sign-in is required, so the pages are for this host only; "
            + "use --admin 127.0.0.1:PORT and an SSH tunnel")]
    [InlineData("--kubernetes --listen http://127.0.0.1:1",
        "--kubernetes needs --public-url, for example --public-url https://smm.example.com")]
    [InlineData("--kubernetes --public-url a --listen http://127.0.0.1:1",
        "--public-url 'a' is not an http or https URL of a host and a port alone, for example https://smm.example.com")]
    [InlineData("--kubernetes --public-url https://a --listen http://127.0.0.1:1 --default-revision a_",
        "--default-revision 'a_' is not a label value (at most 63 letters, digits, '-', '_' and '.', with a letter or digit at both ends)")]
    [InlineData("--kubernetes --public-url https://a --listen http://127.0.0.1:1 --token-audience=",
        "'--token-audience' needs AUDIENCE")]
    [InlineData("--kubernetes --public-url https://a --listen http://127.0.0.1:1 --minimum-agent-version x",
        "--minimum-agent-version 'x' is not a version of the form X.Y.Z")]
    [InlineData("--kubernetes --public-url https://a --listen http://127.0.0.1:1 --istio-namespace A",
        "--istio-namespace 'A' is not an RFC 1123 label (at most 63 of a-z, 0-9 and '-', with a letter or digit at both ends)")]
    [InlineData("--kubernetes --public-url https://a --listen http://127.0.0.1:1 --gateway x",
        "--gateway 'x' is not NAMESPACE/NAME of a Service, for example istio-system/istio-eastwestgateway")]
    [InlineData("--kubernetes --public-url https://a --listen http://127.0.0.1:1 --cluster-source 1",
        "--cluster-source '1' is not a CIDR block, for example 10.244.0.0/16")]
    [InlineData("--kubernetes --public-url https://a --listen http://127.0.0.1:1 --cluster-range 1",
        "--cluster-range '1' is not a CIDR block, for example 10.244.0.0/16")]
    [InlineData("--kubernetes --public-url https://a --listen http://127.0.0.1:1 --mesh m", "--mesh cannot be combined with --kubernetes")]
    public void WrongValueIsNamedWithTheReasonAndTheFix(string line, string error) =>
        Assert.Equal($"smm-dashboard: {error}\nsee: smm-dashboard --help\n", Error(line));

    [Theory]
    [InlineData("text", "smm-dashboard 0.1.0\n")]
    [InlineData("json", "{\n  \"version\": \"0.1.0\"\n}\n")]
    [InlineData("yaml", "version: \"0.1.0\"\n")]
    public async Task VersionIsPrintedInEveryFormat(string format, string expected)
    {
        using var output = new StringWriter();
        Assert.Equal(0, await EntryPoint.MainAsync(["version", "-o", format], TextWriter.Null, output));
        Assert.Equal(expected, output.ToString());
    }

    private static string Error(string line)
    {
        using var error = new StringWriter { NewLine = "\n" };
        Assert.Null(new CommandLine().Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), error, out var exitCode));
        Assert.Equal(2, exitCode);
        return error.ToString();
    }
}
