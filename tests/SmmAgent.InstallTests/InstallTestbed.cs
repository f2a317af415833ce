using SmmAgent.Testbed;

namespace SmmAgent.InstallTests;

/// <summary>
/// The real dashboard with a folder of packages, over https and over http, in a network namespace without anything else: no mirror, no
/// internet.
/// </summary>
[CollectionDefinition(Name)]
public sealed class InstallTestbed : IAsyncLifetime, ICollectionFixture<InstallTestbed>
{
    /// <summary>
    /// The collection of the tests that share the testbed: they run one after the other, because each puts its packages into the folder.
    /// </summary>
    public const string Name = "one folder of packages";

    public const string Url = "https://127.0.0.1:8443";
    public const string PlainUrl = "http://127.0.0.1:8080";

    private static readonly TimeSpan OneDay = TimeSpan.FromDays(1);

    private readonly string _folder = Directory.CreateTempSubdirectory("smm-install-").FullName;
    private TestbedProcess? _dashboard;
    private MeshFile? _mesh;

    /// <summary>Why the tests cannot run here; null when they can.</summary>
    private static string? Missing() =>
        Programs.Missing() ?? (new[] { "shellcheck", "busybox", "dnf", "zypper", "rpmbuild", "wget", "curl", "socat" }
            .FirstOrDefault(program => !File.Exists($"/usr/bin/{program}")) is { } missing
                ? $"needs {missing}: ./build.sh test installs it" : null);

    public NetworkNamespace Network { get; private set; } = null!;

    public string AuthorityFile { get; private set; } = "";

    /// <summary>The certificate of the dashboard and its key, for other servers.</summary>
    public (string Certificate, string Key) ServerFiles { get; private set; }

    /// <summary>The authority's certificate as an intermediate authority, as Windows saves it: with a byte order mark.</summary>
    public string IssuingAuthorityOfWindows { get; private set; } = "";

    /// <summary>Makes packages; the test is skipped where nothing can be installed.</summary>
    internal TestPackages Packages
    {
        get
        {
            Assert.SkipUnless(Missing() is null, Missing() ?? "");
            return field ??= new TestPackages(Directory.CreateDirectory(Path.Combine(_folder, "built")).FullName);
        }
    }

    /// <summary>The agent's packages of two versions, built once.</summary>
    public string Deb1 => field ??= Packages.Deb("0.1.0");

    public string Deb2 => field ??= Packages.Deb("0.2.0");

    public string Rpm1 => field ??= Packages.Rpm("0.1.0");

    public string Rpm2 => field ??= Packages.Rpm("0.2.0");

    /// <summary>The key that signs the packages of the dashboard; null for unsigned packages.</summary>
    public string? SigningKey { get; set; }

    /// <summary>Its public half, as agent.yaml has it.</summary>
    public string PublicKey => Shell.Run("openssl", "pkey", "-in", SigningKey!, "-pubout").Split('\n')[1];

    /// <summary>Makes a new key with the command of the documentation.</summary>
    public string NewKey()
    {
        var key = PathOf($"key-{Guid.NewGuid():N}.pem");
        Shell.Run("openssl", "genpkey", "-algorithm", "ed25519", "-out", key);
        return key;
    }

    /// <summary>A path that a test can write, for programs of the testbed.</summary>
    public string PathOf(string name) => Path.Combine(_folder, name);

    /// <summary>The path of a package that the dashboard serves.</summary>
    public string Served(string package) => Path.Combine(_folder, "packages", Path.GetFileName(package));

    /// <summary>Replaces the packages of the dashboard, and fetches the script as an operator does.</summary>
    public async Task<string> ScriptAtAsync(string publicUrl, params string[] packages)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "packages"));
        foreach (var old in folder.EnumerateFiles())
            old.Delete();
        foreach (var package in packages)
            File.Copy(package, Served(package));
        if (packages.Length > 0 && SigningKey is { } key)
            Shell.Run([.. Programs.Dashboard, "sign-packages", "--key", key, folder.FullName]);
        _mesh!.PublicUrl = publicUrl;
        _mesh.Write();
        var script = "";
        await Until.TrueAsync(
            () => (script = Fetch()).Contains($"url='{publicUrl}'", StringComparison.Ordinal), "the dashboard serves the script",
            lastSeen: () => _dashboard!.Output);
        return script;
    }

    public Task<string> ScriptAsync(params string[] packages) => ScriptAtAsync(Url, packages);

    private string Fetch() => Network.Run("curl", "-qfsSL", "--noproxy", "*", "--cacert", AuthorityFile, $"{Url}/get/smm-agent");

    /// <summary>A temporary copy of this host in the testbed's network.</summary>
    public async Task<ThrowAwayHost> HostAsync(bool isTrusting = true)
    {
        Assert.SkipUnless(Missing() is null, Missing() ?? "");
        var host = await ThrowAwayHost.StartAsync(Network);
        if (isTrusting)
            host.Append("/etc/ssl/certs/ca-certificates.crt", File.ReadAllText(AuthorityFile));
        host.Settle();
        return host;
    }

    public async ValueTask InitializeAsync()
    {
        if (Missing() is not null)
            return;

        SigningKey = NewKey();
        Network = new NetworkNamespace($"smm-install-{Convert.ToHexStringLower(Guid.NewGuid().ToByteArray().AsSpan(0, 4))}");
        var certificate = new DashboardCertificate(_folder, "127.0.0.1", -OneDay, 29 * OneDay);
        AuthorityFile = certificate.AuthorityFile;
        ServerFiles = (certificate.CertificateFile, certificate.KeyFile);
        IssuingAuthorityOfWindows = "\ufeff" + certificate.IssuingAuthority.Replace("\n", "\r\n", StringComparison.Ordinal) + "\r\n";
        _mesh = new MeshFile(Path.Combine(_folder, "mesh.yaml"), File.ReadAllText(AuthorityFile)) { PublicUrl = Url };
        _mesh.Write();
        var packages = Directory.CreateDirectory(Path.Combine(_folder, "packages"));
        _dashboard = new TestbedProcess(Network.Inside(
        [
            .. Programs.Dashboard, "--mesh", Path.Combine(_folder, "mesh.yaml"), "--listen", Url, "--listen", PlainUrl, "--packages",
            packages.FullName,
            "--certificate", certificate.CertificateFile, "--key", certificate.KeyFile,
            "--ca-certificate", certificate.AuthorityFile,
        ]));
        await Until.TrueAsync(
            () => _dashboard.HasExited
                ? throw new InvalidOperationException(_dashboard.Output) : MeshTestbed.Reaches(Network, "127.0.0.1", 8080),
            "the dashboard is up",
            lastSeen: () => _dashboard.Output);
    }

    public async ValueTask DisposeAsync()
    {
        if (_dashboard is not null)
        {
            await _dashboard.DisposeAsync();
            Network.Dispose();
        }

        Directory.Delete(_folder, recursive: true);
    }
}
