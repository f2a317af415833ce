using SmmAgent.Testbed;

namespace SmmAgent.InstallTests;

/// <summary>
/// Small packages with the published agent: the other contents of a package do not change the behaviour of the script.
/// </summary>
internal sealed class TestPackages(string folder)
{
    public static string DebArchitecture { get; } = Shell.Run("dpkg", "--print-architecture").Trim();

    public static string RpmArchitecture { get; } = DebArchitecture == "arm64" ? "aarch64" : "x86_64";

    /// <param name="control">More lines of the control file.</param>
    /// <param name="files">More files: a path and its content.</param>
    public string Deb(string version, string control = "", params (string Path, string Text)[] files)
    {
        var tree = Directory.CreateDirectory(Path.Combine(folder, $"deb-{Guid.NewGuid():N}")).FullName;
        Write(tree, "DEBIAN/control",
            $"Package: smm-agent\nVersion: {version}\nArchitecture: {DebArchitecture}\nMaintainer: test "
            + $"<test@example.com>\n{control}Description: test\n");
        foreach (var (path, text) in files)
            Write(tree, path, text);
        if (files.Any(file => file.Path.StartsWith("etc/", StringComparison.Ordinal)))
            Write(tree, "DEBIAN/conffiles", string.Concat(
                files.Where(file => file.Path.StartsWith("etc/", StringComparison.Ordinal)).Select(file => $"/{file.Path}\n")));
        Directory.CreateDirectory(Path.Combine(tree, "etc/smm"));
        Directory.CreateDirectory(Path.Combine(tree, "usr/bin"));
        File.Copy(Programs.Agent, Path.Combine(tree, "usr/bin/smm-agent"));
        return Build(tree, Path.Combine(folder, $"smm-agent_{version}_{DebArchitecture}.deb"));
    }

    /// <summary>A package without files.</summary>
    public string EmptyDeb(string name)
    {
        var tree = Directory.CreateDirectory(Path.Combine(folder, $"deb-{Guid.NewGuid():N}")).FullName;
        Write(tree, "DEBIAN/control",
            $"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: test <test@example.com>\nDescription: test\n");
        return Build(tree, Path.Combine(folder, $"{name}_1_all.deb"));
    }

    public string Rpm(string version)
    {
        var top = Directory.CreateDirectory(Path.Combine(folder, $"rpm-{Guid.NewGuid():N}")).FullName;
        Write(top, "smm-agent.spec", $"""
            Name: smm-agent
            Version: {version}
            Release: 1
            Summary: test
            License: Apache-2.0
            AutoReqProv: no
            %global __os_install_post %[nil]
            %global _build_id_links none
            %define _binary_payload w1.gzdio
            %description
            test
            %install
            install -D {Programs.Agent} %[buildroot]/usr/bin/smm-agent
            install -d %[buildroot]/etc/smm
            %files
            %dir /etc/smm
            %attr(0755,root,root) /usr/bin/smm-agent

            """.Replace("%[", "%{", StringComparison.Ordinal).Replace(']', '}'));
        Shell.Run("rpmbuild", "-bb", "--quiet", "--target", RpmArchitecture, "--define", $"_topdir {top}",
            Path.Combine(top, "smm-agent.spec"));
        var file = $"smm-agent-{version}-1.{RpmArchitecture}.rpm";
        var target = Path.Combine(folder, file);
        File.Move(Path.Combine(top, "RPMS", RpmArchitecture, file), target, overwrite: true);
        return target;
    }

    private static string Build(string tree, string target)
    {
        Shell.Run("dpkg-deb", "--root-owner-group", "-Znone", "--build", tree, target);
        Directory.Delete(tree, recursive: true);
        return target;
    }

    private static void Write(string tree, string path, string text)
    {
        var file = Path.Combine(tree, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
