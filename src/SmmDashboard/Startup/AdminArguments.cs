using System.CommandLine;
using SmmAgent.Contract;
using SmmDashboard.Admin;
using SmmDashboard.Tls;

namespace SmmDashboard.Startup;

/// <summary>The options of the listener that shows the machines.</summary>
internal sealed class AdminArguments
{
    private readonly Option<string?> _admin = new("--admin")
    {
        Description = "The address that shows the machines: web pages and JSON. Without TLS on a loopback address only. Default: none.",
        HelpName = "ADDR:PORT",
    };

    private readonly Option<string?> _certificate = new("--admin-certificate")
    {
        Description = "The certificate for --admin, with its chain. Default for an address other than loopback: --certificate.",
        HelpName = "PEM",
    };

    private readonly Option<string?> _key = new("--admin-key") { Description = "The key of --admin-certificate.", HelpName = "PEM" };

    public IReadOnlyList<Option> All => [_admin, _certificate, _key];

    /// <param name="result">The parsed command line.</param>
    /// <param name="certificate">The certificate of the API; null when it has none.</param>
    /// <param name="isKubernetes">Whether the API server checks the tokens of viewers.</param>
    /// <param name="faults">Receives the faults.</param>
    public AdminOptions? Read(ParseResult result, CertificateFiles? certificate, bool isKubernetes, List<string> faults)
    {
        var own = CommandLine.ReadPair(result, _certificate, _key, faults);
        if (result.GetValue(_admin) is not { } text)
        {
            if (own is not null)
                faults.Add("--admin-certificate needs --admin");
            return null;
        }

        if (CommandLine.ReadAddress("--admin", text, faults) is not { } address)
            return null;

        var isLoopback = AdminOptions.IsLoopback(address.Address);
        if (!isLoopback && !isKubernetes)
        {
            faults.Add(
                $"--admin '{NameRules.Shown(text)}' is not a loopback address: with --mesh no sign-in is required, so the pages are "
                    + "for this host only; "
                + "use --admin 127.0.0.1:PORT and an SSH tunnel");
        }

        var used = own ?? (isLoopback ? null : certificate);
        if (!isLoopback && isKubernetes && used is null)
            faults.Add(
                $"--admin '{NameRules.Shown(text)}' is not a loopback address and needs TLS: --admin-certificate and --admin-key");
        return new AdminOptions(address, used);
    }
}
