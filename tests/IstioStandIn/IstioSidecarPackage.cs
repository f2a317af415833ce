using System.Diagnostics;

namespace IstioStandIn;

/// <summary>Builds the stand-in package <c>istio-sidecar</c>, with the distribution's own tools.</summary>
public static class IstioSidecarPackage
{
    public const string Name = "istio-sidecar";

    /// <summary>
    /// The folder where the stand-in records its calls and its environment, and reads its instructions: <c>files/pilot-agent</c> describes
    /// them.
    /// </summary>
    public const string State = "/var/lib/istio/stand-in";

    /// <summary>A configuration file of the package: an operator's, who may change it.</summary>
    private const string Settings = "/var/lib/istio/envoy/sidecar.env";

    private const string Programs = "/usr/local/lib/istio-stand-in";

    private const UnixFileMode Program = (UnixFileMode)0b111_101_101;

    /// <param name="format"><c>deb</c> or <c>rpm</c>.</param>
    /// <param name="architecture"><c>amd64</c> or <c>arm64</c>; the content runs on both.</param>
    /// <param name="failingPostinst">
    /// Whether its installation fails: a deb fails after its files are installed, an rpm before, because only that fails a transaction.
    /// </param>
    /// <returns>The path of the package below the folder.</returns>
    public static string Build(
        string folder, string version, string format = "deb", string architecture = "amd64", bool failingPostinst = false)
    {
        var path = Path.Combine(folder, $"{Name}_{version}_{architecture}.{format}");
        var work = Directory.CreateTempSubdirectory("istio-stand-in").FullName;
        try
        {
            InstallFiles($"{work}/root", version);
            var fault = failingPostinst ? "echo 'failing on purpose' >&2\nexit 1\n" : "";
            if (format == "deb")
                BuildDeb($"{work}/root", version, architecture, fault, path);
            else
                BuildRpm(work, version, architecture, fault, path);
            return path;
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }

    private static void InstallFiles(string root, string version)
    {
        foreach (var name in (string[])["envoy", "pilot-agent", "istio-start.sh"])
            Write($"{root}/usr/local/bin/{name}", Read(name).Replace("@VERSION@", version, StringComparison.Ordinal), Program);
        foreach (var name in (string[])["registration", "capture"])
            Write($"{root}{Programs}/{name}", Read(name), Program);
        Write($"{root}{Settings}", Read("sidecar.env").Replace("@VERSION@", version, StringComparison.Ordinal),
            (UnixFileMode)0b110_100_100);
        Write($"{root}/lib/systemd/system/istio.service", Read("istio.service"), (UnixFileMode)0b110_100_100);
    }

    private static void BuildDeb(string root, string version, string architecture, string fault, string path)
    {
        Write($"{root}/DEBIAN/control", $"""
            Package: {Name}
            Version: {version}
            Architecture: {architecture}
            Depends: iproute2, iptables, sudo, hostname, perl-base, openssl
            Maintainer: Tests <tests@example.com>
            Description: a stand-in for the Istio sidecar

            """, (UnixFileMode)0b110_100_100);
        Write($"{root}/DEBIAN/conffiles", $"{Settings}\n", (UnixFileMode)0b110_100_100);
        Write($"{root}/DEBIAN/postinst", $"#!/bin/sh\nset -e\n{Read("after-install.sh")}{fault}", Program);
        Run("dpkg-deb", "--root-owner-group", "-b", root, path);
    }

    private static void BuildRpm(string work, string version, string architecture, string fault, string path)
    {
        Write($"{work}/spec", $"""
            Name: {Name}
            Version: {version}
            Release: 1
            Summary: a stand-in for the Istio sidecar
            License: none
            AutoReqProv: no
            Requires: iproute
            Requires: iptables
            Requires: sudo
            Requires: hostname
            Requires: perl
            Requires: openssl
            %description
            %install
            mkdir -p %buildroot
            cp -a {work}/root/. %buildroot/
            {(fault.Length > 0 ? $"%pre\n{fault}" : "")}
            %post
            {Read("after-install.sh")}
            %files
            %defattr(-,root,root)
            /usr/local/bin/envoy
            /usr/local/bin/pilot-agent
            /usr/local/bin/istio-start.sh
            %config(noreplace) {Settings}
            {Programs}
            /lib/systemd/system/istio.service
            """, (UnixFileMode)0b110_100_100);
        // The programs are scripts, so only the label of the package depends on the architecture.
        var machine = architecture == "arm64" ? "aarch64" : "x86_64";
        Run(
            "rpmbuild", "-bb", "--quiet", "--target", machine, "--define", $"_topdir {work}/build", "--define", "_build_id_links none",
            "--define", "__os_install_post %{nil}", "--define", "debug_package %{nil}", $"{work}/spec");
        File.Move(Directory.EnumerateFiles($"{work}/build/RPMS", "*.rpm", SearchOption.AllDirectories).Single(), path, overwrite: true);
    }

    private static string Read(string name)
    {
        using var reader = new StreamReader(typeof(IstioSidecarPackage).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    private static void Write(string path, string text, UnixFileMode mode)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, mode);
    }

    private static void Run(params string[] command)
    {
        using var process = Process.Start(
            new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{string.Join(' ', command)}: {output}{error.Result}");
    }
}
