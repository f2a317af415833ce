using System.Security.Cryptography;
using SmmAgent.Contract;
using SmmAgent.Linux.Host;
using SmmAgent.Linux.Packages;

namespace SmmAgent.Linux.Tests.Packages;

/// <summary>
/// A temporary layer above the files of this host, with its package managers and their databases, and without a network. Packages that are
/// installed there disappear with it.
/// </summary>
public sealed class PackageHostRoot : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("smm-host").FullName;
    private readonly string _root;
    private readonly string _disk;

    public PackageHostRoot()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, to mount");
        (_disk, _root) = ($"{_folder}/disk", $"{_folder}/disk/root");
        Directory.CreateDirectory(_disk);
        BuiltPackage.Run("mount", "-t", "tmpfs", "-o", "size=96m,mode=0755", "tmpfs", _disk);
        foreach (var name in (string[])["upper", "work", "root"])
            Directory.CreateDirectory($"{_disk}/{name}");
        BuiltPackage.Run("mount", "-t", "overlay", "overlay", "-o", $"lowerdir=/,upperdir={_disk}/upper,workdir={_disk}/work", _root);
        BuiltPackage.Run("mount", "-t", "proc", "proc", $"{_root}/proc");
        BuiltPackage.Run("mount", "--bind", "/dev", $"{_root}/dev");
        Directory.CreateDirectory(Shared);
        Directory.CreateDirectory(_root + Shared);
        BuiltPackage.Run("mount", "--bind", Shared, _root + Shared);
        // Without sources, apt-get needs no network and reads less.
        foreach (var folder in (string[])["etc/apt/sources.list.d", "var/lib/apt/lists", "etc/yum.repos.d", "etc/zypp/repos.d"])
        {
            if (Directory.Exists($"{_root}/{folder}"))
                Directory.Delete($"{_root}/{folder}", recursive: true);
        }

        File.Delete($"{_root}/etc/apt/sources.list");
        Cache = new($"{Shared}/cache");
    }

    /// <summary>A folder that has the same path inside.</summary>
    public string Shared => $"{_folder}/shared";

    public PackageCache Cache { get; }

    public IReadOnlyList<string> Prefix => ["unshare", "--net", "chroot", _root];

    public string Inside(string path) => _root + path;

    /// <summary>The version in the installed file; null when there is none.</summary>
    public string? Content => File.Exists($"{_root}/usr/share/{BuiltPackage.Name}/version")
        ? File.ReadAllText($"{_root}/usr/share/{BuiltPackage.Name}/version")
        : null;

    internal PackageInstaller Installer(string? program, string format) =>
        new(new PackageTools(program, PackageFormats.Parse(format)), Prefix, TimeSpan.FromSeconds(1));

    /// <summary>Copies a built package into the cache, as if it had been downloaded.</summary>
    internal Package Offer(BuiltPackage built, string format)
    {
        Assert.Null(Cache.Prepare());
        var package = new Package
        {
            Name = built.Named, Version = built.Version, Format = PackageFormats.Parse(format),
            Architecture = built.Architecture, Path = "/p"
        };
        var path = Cache.PathOf(package);
        if (format == "deb")
            built.BuildDeb(path);
        else
            built.BuildRpm(path);
        return Sealed(package);
    }

    /// <summary>The package, with the checksum of the file in the cache.</summary>
    internal Package Sealed(Package package) =>
        package with { Sha256 = Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Cache.PathOf(package)))) };

    internal async Task<VerifiedPackage> TakeAsync(Package package)
    {
        var (verified, failure) = await VerifiedPackage.TakeAsync(
            Cache, package, TimeProvider.System, TestContext.Current.CancellationToken);
        Assert.Null(failure);
        return verified!;
    }

    internal async Task<InstallOutcome> InstallAsync(PackageInstaller installer, Package package, bool mayDowngrade = false)
    {
        using var verified = await TakeAsync(package);
        return await installer.InstallAsync(verified, mayDowngrade, TestContext.Current.CancellationToken);
    }

    /// <summary>Scripts of an rpm require /bin/sh, which on this host no rpm package provides.</summary>
    internal void OfferRpmShell()
    {
        var folder = $"{Shared}/shell";
        Directory.CreateDirectory(folder);
        File.WriteAllText($"{folder}/spec",
            "Name: smm-shell\nVersion: 1\nRelease: 1\nSummary: a shell\nLicense: none\nProvides: /bin/sh\nAutoReqProv: "
                + "no\n%description\n%files\n");
        BuiltPackage.Run("rpmbuild", "-bb", "--quiet", "--define", $"_topdir {folder}", "--define", "_build_id_links none",
            $"{folder}/spec");
        BuiltPackage.Run(
            [.. Prefix, "rpm", "-U", Directory.EnumerateFiles($"{folder}/RPMS", "*.rpm", SearchOption.AllDirectories).Single()]);
    }

    public void Dispose()
    {
        if (!Directory.Exists(_root))
            return;

        BuiltPackage.Run("umount", "--lazy", "--recursive", _root);
        BuiltPackage.Run("umount", "--lazy", _disk);
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>A script of a package that reports its process id, and then waits for a signal to continue.</summary>
internal sealed class WaitingScript(string folder) : IDisposable
{
    private string Fifo => $"{folder}/go";

    private string Pid => $"{folder}/pid";

    public string Lines
    {
        get
        {
            if (!File.Exists(Fifo))
                BuiltPackage.Run("mkfifo", Fifo);
            // It is opened before the report, so that the test can send the signal at any time.
            return $"exec 3<>{Fifo}; echo $PPID $$ > {Pid}.new; mv {Pid}.new {Pid}; read go <&3";
        }
    }

    /// <summary>Kills the package manager while the script runs.</summary>
    public async Task KillAsync()
    {
        await Until.TrueAsync(() => File.Exists(Pid), "the package's script runs", TimeSpan.FromMinutes(2));
        using var process = System.Diagnostics.Process.GetProcessById(
            int.Parse((await File.ReadAllTextAsync(Pid)).Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture));
        process.Kill();
    }

    public void Dispose()
    {
        // A FIFO that is opened for reading and writing does not block.
        using (var fifo = new FileStream(Fifo, FileMode.Open, FileAccess.ReadWrite))
            fifo.Write("go\n"u8);
        if (!File.Exists(Pid))
            return;

        // A killed package manager leaves it behind, and its root is the one of the host.
        var script = File.ReadAllText(Pid).Trim().Split(' ')[1];
        Assert.True(SpinWait.SpinUntil(() => !Directory.Exists($"/proc/{script}"), TimeSpan.FromSeconds(30)),
            "the script ends on request");
        File.Delete(Pid);
    }
}
