using System.Diagnostics;

namespace SmmAgent.Linux.Tests.Packages;

/// <summary>A small package, built with the tools of the distribution. It has one file, which contains its version.</summary>
internal sealed record BuiltPackage(string Version)
{
    public const string Name = "smm-test";

    public string Architecture { get; init; } = "amd64";

    public string? Depends { get; init; }

    /// <summary>Shell lines that run before it is unpacked.</summary>
    public string? Before { get; init; }

    /// <summary>Shell lines that run after it was unpacked.</summary>
    public string? After { get; init; }

    /// <summary>Shell lines that run before it is removed.</summary>
    public string? Leaving { get; init; }

    /// <summary>Shell lines that run after it was removed.</summary>
    public string? Left { get; init; }

    /// <summary>The name, for a package other than the one of most tests.</summary>
    public string Named { get; init; } = Name;

    /// <summary>The bytes of its file.</summary>
    public int Size { get; init; } = 10;

    public void BuildDeb(string path)
    {
        var root = Directory.CreateTempSubdirectory("smm-deb").FullName;
        try
        {
            WriteContent(root);
            Directory.CreateDirectory($"{root}/DEBIAN");
            File.WriteAllText(
                $"{root}/DEBIAN/control",
                $"Package: {Named}\nVersion: {Version}\nArchitecture: {Architecture}\n{(Depends is null ? "" : $"Depends: {Depends}\n")}"
                + "Maintainer: Tests <tests@example.com>\nDescription: a package for tests\n");
            WriteScript($"{root}/DEBIAN/preinst", Before);
            WriteScript($"{root}/DEBIAN/postinst", After);
            WriteScript($"{root}/DEBIAN/prerm", Leaving);
            WriteScript($"{root}/DEBIAN/postrm", Left);
            Run("dpkg-deb", "--root-owner-group", "-Znone", "-b", root, path);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    public void BuildRpm(string path)
    {
        var root = Directory.CreateTempSubdirectory("smm-rpm").FullName;
        try
        {
            WriteContent($"{root}/content");
            var spec = $"""
                Name: {Named}
                Version: {Version}
                Release: 1
                Summary: a package for tests
                License: none
                AutoReqProv: no
                {(Depends is null ? "" : $"Requires: {Depends}")}
                %description
                %install
                mkdir -p %buildroot
                cp -a {root}/content/. %buildroot/
                {(Before is null ? "" : $"%pre\n{Before}")}
                {(After is null ? "" : $"%post\n{After}")}
                {(Leaving is null ? "" : $"%preun\n{Leaving}")}
                {(Left is null ? "" : $"%postun\n{Left}")}
                %files
                /usr/share/{Named}
                """;
            File.WriteAllText($"{root}/spec", spec);
            Run(
                "rpmbuild", "-bb", "--quiet", "--target", Architecture == "amd64" ? "x86_64" : "noarch", "--define",
                $"_topdir {root}/build",
                "--define", "_build_id_links none", "--define", "__os_install_post %{nil}", "--define", "debug_package %{nil}",
                $"{root}/spec");
            File.Move(Directory.EnumerateFiles($"{root}/build/RPMS", "*.rpm", SearchOption.AllDirectories).Single(), path, overwrite: true);
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    public static void Run(params string[] command)
    {
        using var process = Process.Start(
            new ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{string.Join(' ', command)}: {output}{error.Result}");
    }

    private void WriteContent(string root)
    {
        Directory.CreateDirectory($"{root}/usr/share/{Named}");
        File.WriteAllText($"{root}/usr/share/{Named}/version", Version);
        File.WriteAllBytes($"{root}/usr/share/{Named}/content", Random(Size));
    }

    // Random bytes, which cannot be compressed.
    private static byte[] Random(int size)
    {
        var bytes = new byte[size];
        new Random(1).NextBytes(bytes);
        return bytes;
    }

    private static void WriteScript(string path, string? lines)
    {
        if (lines is null)
            return;

        File.WriteAllText(path, $"#!/bin/sh\n{lines}\n");
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
    }
}
