using System.CommandLine;
using System.CommandLine.Help;
using System.Net;
using SmmAgent.Contract;
using SmmDashboard.Address;
using SmmDashboard.Tls;

namespace SmmDashboard.Startup;

/// <summary>The command line of smm-dashboard.</summary>
public sealed class CommandLine
{
    private readonly Option<string?> _mesh = new("--mesh")
    {
        Description = "The mesh description file (YAML). Changes are applied without a restart.",
        HelpName = "FILE",
    };

    private readonly Option<string[]> _listen = new("--listen")
    {
        Description = "The address that the API listens on. May be given several times.",
        HelpName = "http(s)://ADDR:PORT",
    };

    private readonly Option<string?> _certificate = new("--certificate")
    {
        Description = "The certificate for https, with its chain.",
        HelpName = "PEM",
    };

    private readonly Option<string?> _key = new("--key") { Description = "The key of --certificate.", HelpName = "PEM" };

    private readonly Option<string?> _authorities = new("--ca-certificate")
    {
        Description = "The authorities that VMs may fetch from /get/ca.pem. Default: those in the chain of --certificate.",
        HelpName = "PEM",
    };

    private readonly Option<string?> _packages = new("--packages")
    {
        Description = "The folder with the packages of smm-agent and the sidecar.",
        HelpName = "DIR",
    };

    private readonly Option<string?> _data = new("--data")
    {
        Description = "The folder in which agents, reports and the signing key survive a restart. Default: they are kept in memory.",
        HelpName = "DIR",
    };

    private readonly Option<string?> _registration = new("--registration")
    {
        Description = "The address on which sidecars register (TLS).",
        HelpName = "ADDR:PORT",
    };

    private readonly Option<string?> _registrationCertificate = new("--registration-certificate")
    {
        Description = "The certificate for --registration, with its chain.",
        HelpName = "PEM",
    };

    private readonly Option<string?> _registrationKey = new("--registration-key")
    {
        Description = "The key of --registration-certificate.",
        HelpName = "PEM",
    };

    private readonly Option<string?> _authorityCertificate = new("--registration-ca-certificate")
    {
        Description = "The authority that issues certificates to sidecars. Default: sidecars register with tokens only.",
        HelpName = "PEM",
    };

    private readonly Option<string?> _authorityKey = new("--registration-ca-key")
    {
        Description = "The key of --registration-ca-certificate.",
        HelpName = "PEM",
    };

    private readonly Option<string?> _status = new("--status")
    {
        Description = "The address that serves /healthz, /readyz and /metrics, without TLS. Default: none.",
        HelpName = "ADDR:PORT",
    };

    private readonly Option<string[]> _trustedProxies = new("--trusted-proxy")
    {
        Description = "A proxy whose X-Forwarded-For names the address of a VM, for whoami. May be given several times. Default: none.",
        HelpName = "CIDR",
    };

    private readonly Option<string?> _logLevel = new("--log-level")
    {
        Description = "The least important log lines that are written. Default: information.",
        HelpName = "debug|information|warning|error",
    };

    private readonly LimitArguments _limits = new();
    private readonly AdminArguments _admin = new();
    private readonly KubernetesArguments _kubernetes = new();
    private readonly RootCommand _command;

    public CommandLine()
    {
        _command = new RootCommand("Serves what smm-agent on VMs needs, and shows the VMs. Without a command, the dashboard starts.")
        {
            _mesh, _listen, _certificate, _key, _authorities, _packages, _data, _registration, _registrationCertificate, _registrationKey,
            _authorityCertificate, _authorityKey, _status, _trustedProxies, _logLevel,
        };
        foreach (var option in _limits.All.Concat(_admin.All).Concat(_kubernetes.All))
            _command.Add(option);
        _command.Add(DashboardCheckCommand.Create());
        _command.Add(MachinesCommand.Create());
        _command.Add(SignPackagesCommand.Create());
        _command.Add(VersionCommand.Create());
        // Only its help is printed: "help COMMAND" is read as "COMMAND --help".
        _command.Add(new Command("help", "Print the help of a command.")
        {
            new Argument<string?>("COMMAND") { Description = "The command.", Arity = ArgumentArity.ZeroOrOne },
        });
        _command.Directives.Clear(); // the library's own, such as [suggest]
        var help = _command.Options.OfType<HelpOption>().First();
        help.Description = "Print the help.";
        help.Action = new CommandsFirstHelp((HelpAction)help.Action!);
        // The command version is listed.
        _command.Options.OfType<VersionOption>().First().Hidden = true;
        // Without an action, a command with subcommands requires one of them.
        _command.SetAction(_ => 0);
    }

    /// <summary>The command tree, for the tests of the documentation.</summary>
    internal RootCommand Root => _command;

    /// <summary>Parses the arguments, or runs a subcommand.</summary>
    /// <param name="args">The arguments.</param>
    /// <param name="error">Receives error messages.</param>
    /// <param name="exitCode">0, 2 for wrong usage, or the exit code of the subcommand.</param>
    /// <param name="output">Receives the output of a subcommand; null is the console.</param>
    /// <returns>The options; null when the process must exit with the exit code.</returns>
    public DashboardOptions? Parse(string[] args, TextWriter error, out int exitCode, TextWriter? output = null)
    {
        // An argument that begins with @ is not a response file.
        var result = _command.Parse(
            args is ["help", .. var words] && words.All(word => !word.StartsWith('-')) ? [.. words, "--help"] : args,
            new ParserConfiguration { ResponseFileTokenReplacer = null });
        exitCode = 0;
        List<string> faults = CommandLineErrors.Format(result) is { } wrong ? [wrong] : [];
        if (faults.Count == 0 && result.Action != _command.Action)
        {
            // --help, --version, or a subcommand.
            exitCode = result.Invoke(new() { Output = output ?? Console.Out, Error = error, EnableDefaultExceptionHandler = false });
            return null;
        }

        var options = faults.Count == 0 ? Read(result, faults) : null;
        if (faults.Count == 0)
            return options;

        foreach (var fault in faults)
            error.WriteLine($"smm-dashboard: {OneLine.ReplaceUnprintable(fault)}");
        error.WriteLine($"see: {CommandLineErrors.Help(result)}");
        exitCode = 2;
        return null;
    }

    private DashboardOptions Read(ParseResult result, List<string> faults)
    {
        var listen = (result.GetValue(_listen) ?? []).Select(value => ReadListen(value, faults)).OfType<Listen>().ToList();
        var options = new DashboardOptions
        {
            Mesh = result.GetValue(_mesh) ?? "",
            Listen = listen,
            Certificate = ReadPair(result, _certificate, _key, faults),
            Authorities = result.GetValue(_authorities),
            Packages = result.GetValue(_packages),
            Data = result.GetValue(_data),
            Registration = result.GetValue(_registration) is { } address ? ReadAddress("--registration", address, faults) : null,
            RegistrationCertificate = ReadPair(result, _registrationCertificate, _registrationKey, faults),
            RegistrationAuthority = ReadPair(result, _authorityCertificate, _authorityKey, faults),
            Rates = _limits.ReadRates(result, faults),
            Connections = _limits.ReadConnections(result, faults),
            DialBackRates = _limits.ReadDialBacks(result, faults),
            AgentsPerGroup = _limits.ReadAgentsPerGroup(result, faults),
            NewAgents = _limits.ReadNewAgents(result, faults),
            LogLevel = ReadLogLevel(result, faults),
            Status = result.GetValue(_status) is { } status ? ReadAddress("--status", status, faults) : null,
            TrustedProxies = ReadTrustedProxies(result, faults),
            Kubernetes = _kubernetes.Read(result, faults),
        };
        options = options with { Admin = _admin.Read(result, options.Certificate, options.Kubernetes is not null, faults) };
        if (options.Kubernetes is null && options.Mesh.Length == 0)
            faults.Add("--mesh FILE or --kubernetes is required, for example: --mesh mesh.yaml --listen http://127.0.0.1:8080");
        if (options.Kubernetes is not null)
        {
            Option[] embedded =
            [
                _mesh, _data, _registration, _registrationCertificate, _registrationKey, _authorityCertificate, _authorityKey,
                .. _limits.Embedded,
            ];
            faults.AddRange(embedded.Where(option => result.GetResult(option) is not null)
                .Select(option => $"{option.Name} cannot be combined with --kubernetes"));
        }

        if (faults.Count == 0 && listen.Count == 0)
            faults.Add("--listen is required, for example: --listen https://0.0.0.0:8443 --certificate PEM --key PEM");
        if (listen.Any(one => one.IsTls) && options.Certificate is null)
            faults.Add("--listen https://… needs --certificate and --key");
        if (options.Registration is not null && options.RegistrationCertificate is null)
            faults.Add("--registration needs --registration-certificate and --registration-key");
        if (options.RegistrationAuthority is not null && options.Registration is null)
            faults.Add("--registration-ca-certificate needs --registration");
        if (options.Packages is { } packages && !Directory.Exists(packages))
            faults.Add(OptionFile.Format("--packages", packages, OptionFile.NotAFolder(packages)));
        return options;
    }

    private TrustedProxies ReadTrustedProxies(ParseResult result, List<string> faults)
    {
        var networks = new List<IPNetwork>();
        foreach (var text in result.GetValue(_trustedProxies) ?? [])
        {
            if (IPNetwork.TryParse(text, out var network))
                networks.Add(network);
            else if (IPAddress.TryParse(text, out var address))
                networks.Add(new(address, address.GetAddressBytes().Length * 8));
            else
            {
                faults.Add(
                    $"--trusted-proxy '{NameRules.Shown(text)}' is neither an address nor a network; for example: "
                        + "--trusted-proxy 10.0.0.0/8");
            }
        }

        return new(networks);
    }

    private LogLevel ReadLogLevel(ParseResult result, List<string> faults)
    {
        var text = result.GetValue(_logLevel) ?? "information";
        string[] names = ["debug", "information", "warning", "error"];
        if (!names.Contains(text))
            faults.Add($"--log-level '{NameRules.Shown(text)}' is not one of {string.Join(", ", names)}; for example: --log-level debug");
        return Enum.TryParse<LogLevel>(text, ignoreCase: true, out var level) ? level : LogLevel.Information;
    }

    internal static CertificateFiles? ReadPair(ParseResult result, Option<string?> certificate, Option<string?> key, List<string> faults)
    {
        var (certificateFile, keyFile) = (result.GetValue(certificate), result.GetValue(key));
        if ((certificateFile is null) != (keyFile is null))
            faults.Add($"{certificate.Name} and {key.Name} must be given together");
        return certificateFile is not null && keyFile is not null ? new CertificateFiles(certificateFile, keyFile) : null;
    }

    private static Listen? ReadListen(string value, List<string> faults)
    {
        var isTls = value.StartsWith("https://", StringComparison.OrdinalIgnoreCase);
        var start = isTls ? "https://".Length : "http://".Length;
        if (isTls || value.StartsWith("http://", StringComparison.OrdinalIgnoreCase))
            return ReadAddress("--listen", value[start..].TrimEnd('/'), faults) is { } address ? new Listen(address, isTls) : null;

        faults.Add(
            $"--listen '{NameRules.Shown(value)}' does not begin with http:// or https://; for example: --listen https://0.0.0.0:8443");
        return null;
    }

    internal static IPEndPoint? ReadAddress(string option, string value, List<string> faults)
    {
        // IPEndPoint.TryParse also accepts an address without a port. Port 0 is accepted only if it was written.
        if (IPEndPoint.TryParse(value, out var address) && (address.Port != 0 || value.EndsWith(":0", StringComparison.Ordinal)))
            return address;

        faults.Add(
            $"{option} '{NameRules.Shown(value)}' does not have the form ADDR:PORT with an IP address; for example: "
                + "0.0.0.0:8443 or [::]:8443");
        return null;
    }
}
