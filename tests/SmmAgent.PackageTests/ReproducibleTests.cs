namespace SmmAgent.PackageTests;

public class ReproducibleTests
{
    [Fact]
    public async Task PackagingIsReproducible()
    {
        Tool.Needs("dpkg-deb", "rpmbuild");
        var date = await DateAsync();
        using var folder = new TemporaryFolder();
        CopyTree(folder.Root);
        // Other names, times and orders of the same files; another time zone, home and place for temporary files.
        var temporary = Directory.CreateDirectory(Path.Combine(folder.Root, "temporary")).FullName;
        string[] command = [Path.Combine(folder.Root, "packaging/package.sh"), "out/packages"];
        foreach (var architecture in (string[])["arm64", "amd64"])
        {
            var published = Path.Combine(folder.Root, "published", architecture);
            CopyFolder(Packages.Published(architecture), published, "smm-agent", "THIRD-PARTY-NOTICES.TXT");
            command = [.. command, $"{architecture}={published}"];
        }

        await Tool.OutputAsync(command,
            new() { ["SOURCE_DATE_EPOCH"] = date, ["TMPDIR"] = temporary, ["HOME"] = temporary, ["TZ"] = "Pacific/Chatham" }, folder.Root);

        Assert.Equal(
            await File.ReadAllTextAsync(Path.Combine(Packages.Folder, "SHA256SUMS"), TestContext.Current.CancellationToken),
            await File.ReadAllTextAsync(Path.Combine(folder.Root, "out/packages/SHA256SUMS"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task CompilationIsReproducible()
    {
        Tool.Needs("dotnet", "gcc", "objcopy", "cmp");
        var architecture = Packages.HostArchitecture;
        var (rid, triple) = architecture == "arm64" ? ("linux-arm64", "aarch64-linux-gnu") : ("linux-x64", "x86_64-linux-gnu");
        var published = Path.Combine(Packages.Published(architecture), "smm-agent");
        Assert.SkipUnless(File.Exists(published), $"needs {published}: ./build.sh publish");
        using var folder = new TemporaryFolder();
        CopyTree(folder.Root);
        await Tool.OutputAsync("cp", "-a", Repository.Sysroot(architecture), Path.Combine(folder.Root, "sysroot"));

        // Without build servers, which would keep running and keep the folder open.
        await Tool.OutputAsync(
            ["dotnet", "publish", "src/SmmAgent", "-c", "Release", "-v", "quiet", "--nologo", "-nodeReuse:false",
                "-p:UseSharedCompilation=false",
                "-r", rid, $"-p:NativeTriple={triple}", $"-p:SysRoot={folder.Root}/sysroot", "-p:PublishDir=../../published/"],
            environment: null, folder.Root);

        await Tool.OutputAsync("cmp", published, Path.Combine(folder.Root, "published/smm-agent"));
    }

    // The packages have a fixed date, which the listing of the deb shows.
    private static async Task<string> DateAsync() =>
        (await Tool.OutputAsync("rpm", "-qp", "--queryformat", "%{BUILDTIME}", Packages.Rpm("amd64"))).Trim();

    /// <summary>
    /// Copies the sources of the packages, without the folder of git, and in another order: a file system may list files in the order of
    /// their creation.
    /// </summary>
    private static void CopyTree(string target)
    {
        foreach (var name in (string[])["src", "packaging", "docs"])
        {
            var source = Path.Combine(Repository.Root, name);
            foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories).OrderDescending(StringComparer.Ordinal))
            {
                var copy = Path.Combine(target, name, Path.GetRelativePath(source, file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }
        }

        CopyFolder(Repository.Root, target, ".editorconfig", "CHANGELOG.md", "Directory.Build.props", "Directory.Build.targets",
            "Directory.Packages.props", "global.json", "LICENSE");
    }

    private static void CopyFolder(string source, string target, params string[] names)
    {
        Directory.CreateDirectory(target);
        foreach (var name in names)
            File.Copy(Path.Combine(source, name), Path.Combine(target, name));
    }
}
