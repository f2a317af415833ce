using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using SmmAgent.Contract;
using SmmAgent.Contract.Signing;
using SmmDashboard.Hosting;
using SmmDashboard.Packages;

namespace SmmDashboard.Startup;

/// <summary><c>smm-dashboard sign-packages</c>: signs a folder of packages with a key that a serving dashboard never has.</summary>
internal static class SignPackagesCommand
{
    private const int DefaultDays = 180;
    private const int MaximumDays = 1098;
    private const int MaximumKeyBytes = 64 * 1024;

    public static Command Create()
    {
        var key = new Option<string[]>("--key")
        {
            Description = "The key to sign with (PKCS#8 in PEM). May be given several times for several signatures.",
            HelpName = "FILE",
        };
        var newKey = new Option<string?>("--new-key")
        {
            Description = "Create a key, write it to FILE, which must not exist, and print the public key.",
            HelpName = "FILE",
        };
        var days = new Option<int>("--valid-days")
        {
            Description = $"The number of days until the list expires: 1 to {MaximumDays}.",
            HelpName = "N",
            DefaultValueFactory = _ => DefaultDays,
        };
        var minimum = new Option<string[]>("--minimum")
        {
            Description = "The oldest version that agents may install, for example istio-sidecar=1.24.0. May be given once per package.",
            HelpName = "NAME=VERSION",
        };
        var folder = new Argument<string?>("DIR")
        {
            Description = $"The folder with the packages. {SignedPackageList.FileName} and {PackageSigner.KeysFile} are written into it, "
                + $"and {PackageSigner.SumsSignature} if {PackageSigner.Sums} exists.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Command(
            "sign-packages",
            "Sign the packages of a folder.")
        {
            key, newKey, days, minimum, folder,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            try
            {
                if (parsed.GetValue(newKey) is { } file)
                {
                    return parsed.GetValue(folder) is null && parsed.GetValue(key) is not { Length: > 0 }
                        ? await CreateKeyAsync(file, output)
                        : throw new UsageException("--new-key cannot be combined with --key or DIR; for example: --new-key FILE");
                }

                if (parsed.GetValue(key) is not { Length: > 0 } files || parsed.GetValue(folder) is not { } packages)
                    throw new UsageException(
                        "sign-packages needs --key FILE and DIR; for example: smm-dashboard sign-packages --key key.pem packages");
                var validDays = parsed.GetValue(days);
                if (validDays is < 1 or > MaximumDays)
                    throw new UsageException($"--valid-days '{validDays}' is not a number from 1 to {MaximumDays}");
                if (!Directory.Exists(packages))
                    throw new UsageException(OptionFile.Format("DIR", packages, OptionFile.NotAFolder(packages)));

                var minimumVersions = ReadMinimum(parsed.GetValue(minimum) ?? []);
                await SignAsync(packages, [.. files.Select(ReadKey)], validDays, minimumVersions, output, cancel);
                return 0;
            }
            catch (UsageException fault)
            {
                await error.WriteLineAsync(
                    $"smm-dashboard: {OneLine.ReplaceUnprintable(fault.Message)}\nsee: smm-dashboard sign-packages --help");
                return 2;
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidDataException
                or PlatformNotSupportedException or CryptographicException)
            {
                await error.WriteLineAsync($"smm-dashboard: {OneLine.ReplaceUnprintable(FileReason.Describe(fault))}");
                return 1;
            }
        });
        return command;
    }

    private static async Task SignAsync(
        string folder,
        List<PackageSigningKey> keys,
        int validDays,
        Dictionary<string, string> minimum,
        TextWriter output,
        CancellationToken cancel)
    {
        var signer = new PackageSigner(folder, keys, TimeProvider.System);
        var list = await signer.SignAsync(TimeSpan.FromDays(validDays), minimum, cancel);
        await ReportAsync(list, keys, output);
    }

    private static async Task<int> CreateKeyAsync(string file, TextWriter output)
    {
        var key = PackageSigningKey.New();
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        };
        try
        {
            await using var stream = new FileStream(file, options);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(key.Pem()));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new IOException(OptionFile.Format("--new-key", file, File.Exists(file)
                ? "the file exists, and a key is never overwritten; name a new file"
                : $"{FileReason.From(exception, file)}; name a new file in a folder that this user can write"), exception);
        }

        await output.WriteLineAsync(
            $"{file} contains a new key: keep it off the host of the dashboard. "
            + $"The public key, for packages.trustedKeys in agent.yaml:\n{key.Public.Text}");
        return 0;
    }

    private static PackageSigningKey ReadKey(string file)
    {
        var faults = new List<string>();
        if (OptionFile.Read("--key", file, MaximumKeyBytes, "name a key that --new-key or openssl made", faults) is not { } content)
            throw new IOException(faults[0]);

        try
        {
            return PackageSigningKey.TryParse(Encoding.UTF8.GetString(content), out var key, out var reason)
                ? key
                : throw new UsageException(OptionFile.Format("--key", file, reason));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(content);
        }
    }

    private static Dictionary<string, string> ReadMinimum(string[] all)
    {
        var minimum = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var one in all)
        {
            if (one.Split('=') is not [var name, { Length: > 0 } version]
                || name is not (PackageSigner.Agent or PackageSigner.Sidecar) || !char.IsAsciiDigit(version[0]))
            {
                throw new UsageException(
                    $"--minimum '{NameRules.Shown(one)}' is not {PackageSigner.Agent}=VERSION or {PackageSigner.Sidecar}=VERSION, "
                    + $"for example {PackageSigner.Sidecar}=1.24.0");
            }

            if (!minimum.TryAdd(name, version))
                throw new UsageException($"--minimum is given twice for {name}");
        }

        return minimum;
    }

    private static async Task ReportAsync(PackageList list, IEnumerable<PackageSigningKey> keys, TextWriter output)
    {
        foreach (var package in list.Packages)
        {
            var isOld = list.MinimumVersions.TryGetValue(package.Name, out var minimum)
                && package.Format.CompareOffer(minimum, package.Version) > 0;
            var suffix = isOld ? $" is below the minimum {minimum}: no agent installs it" : "";
            await output.WriteLineAsync(
                $"{(isOld ? "!" : "✓")} {package.Name} {package.Version} {package.Format.Word()} {package.Architecture}{suffix}");
        }

        foreach (var key in keys)
            await output.WriteLineAsync($"signed by {key.Public.Id}, for packages.trustedKeys in agent.yaml: {key.Public.Text}");
        await output.WriteLineAsync($"valid until {TimeText.Format(list.Expires)}: sign again before");
    }

#pragma warning disable CA1032, CA1064 // it never leaves this file
    private sealed class UsageException(string message) : Exception(message);
#pragma warning restore CA1032, CA1064
}
