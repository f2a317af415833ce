using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;

namespace SmmAgent.PackageTests.Image;

/// <summary>The archive is a consistent OCI image layout with everything that a container needs.</summary>
public sealed class LayoutTests(UnpackedImage image) : IClassFixture<UnpackedImage>
{
    [Fact]
    public async Task BlobsHaveTheirDigestAndSize()
    {
        UnpackedImage.Require();

        var descriptors = new[] { image.Index().GetProperty("manifests")[0], image.Manifest().GetProperty("config"),
            Assert.Single(image.Manifest().GetProperty("layers").EnumerateArray()) };

        foreach (var descriptor in descriptors)
        {
            await using var blob = File.OpenRead(image.BlobOf(descriptor));
            Assert.Equal(descriptor.GetProperty("size").GetInt64(), blob.Length);
            Assert.Equal(descriptor.GetProperty("digest").GetString(), await DigestAsync(blob));
        }

        Assert.Equal(descriptors.Length, Directory.GetFiles(Path.Combine(image.Layout, "blobs/sha256")).Length);
        Assert.Equal("1.0.0", UnpackedImage.Read(Path.Combine(image.Layout, "oci-layout")).GetProperty("imageLayoutVersion").GetString());
        await using var layer = new GZipStream(File.OpenRead(image.BlobOf(descriptors[2])), CompressionMode.Decompress);
        Assert.Equal(Assert.Single(image.Config().GetProperty("rootfs").GetProperty("diff_ids").EnumerateArray()).GetString(),
            await DigestAsync(layer));
    }

    [Fact]
    public void MediaTypesAreThoseOfOci()
    {
        UnpackedImage.Require();
        static string? Type(JsonElement element) => element.GetProperty("mediaType").GetString();

        Assert.Equal("application/vnd.oci.image.index.v1+json", Type(image.Index()));
        Assert.Equal("application/vnd.oci.image.manifest.v1+json", Type(image.Index().GetProperty("manifests")[0]));
        Assert.Equal("application/vnd.oci.image.manifest.v1+json", Type(image.Manifest()));
        Assert.Equal("application/vnd.oci.image.config.v1+json", Type(image.Manifest().GetProperty("config")));
        Assert.Equal("application/vnd.oci.image.layer.v1.tar+gzip", Type(image.Manifest().GetProperty("layers")[0]));
        Assert.Equal(Repository.Version, image.Index().GetProperty("manifests")[0].GetProperty("annotations")
            .GetProperty("org.opencontainers.image.ref.name").GetString());
    }

    [Fact]
    public void DockerArchiveHasTheSameBlobs()
    {
        UnpackedImage.Require();

        var loaded = UnpackedImage.Read(Path.Combine(image.Layout, "manifest.json"))[0];

        Assert.Equal($"smm-dashboard:{Repository.Version}", loaded.GetProperty("RepoTags")[0].GetString());
        Assert.Equal(
            image.BlobOf(image.Manifest().GetProperty("config")), Path.Combine(image.Layout, loaded.GetProperty("Config").GetString()!));
        Assert.Equal(image.BlobOf(image.Manifest().GetProperty("layers")[0]),
            Path.Combine(image.Layout, loaded.GetProperty("Layers")[0].GetString()!));
    }

    [Fact]
    public void ImageRunsAsAnUnprivilegedUser()
    {
        UnpackedImage.Require();

        var config = image.Config();

        Assert.Equal(
            ("linux", Packages.HostArchitecture), (config.GetProperty("os").GetString(), config.GetProperty("architecture").GetString()));
        Assert.Equal("65532:65532", config.GetProperty("config").GetProperty("User").GetString());
        Assert.Equal(
            "/usr/bin/smm-dashboard", Assert.Single(config.GetProperty("config").GetProperty("Entrypoint").EnumerateArray()).GetString());
        Assert.Contains("smm-dashboard:x:65532:65532:", File.ReadAllText(Path.Combine(image.Root, "etc/passwd")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task FilesBelongToRootAndAreWritableByRootOnly()
    {
        UnpackedImage.Require();
        var created = image.Config().GetProperty("created").GetDateTimeOffset();
        await using var layer = new GZipStream(
            File.OpenRead(image.BlobOf(image.Manifest().GetProperty("layers")[0])), CompressionMode.Decompress);
        await using var tar = new TarReader(layer);

        var names = new List<string>();
        while (await tar.GetNextEntryAsync(cancellationToken: TestContext.Current.CancellationToken) is { } entry)
        {
            names.Add(entry.Name);
            Assert.Equal((0, 0, created), (entry.Uid, entry.Gid, entry.ModificationTime));
            Assert.True((entry.Mode & (UnixFileMode.SetUser | UnixFileMode.SetGroup)) == 0, entry.Name);
            Assert.True(entry is { EntryType: TarEntryType.SymbolicLink } or { Name: "./tmp/" }
                || (entry.Mode & (UnixFileMode.OtherWrite | UnixFileMode.GroupWrite)) == 0, entry.Name);
        }

        Assert.Equal(names.Distinct().Count(), names.Count);
    }

    [Fact]
    public void ScannersFindTheDebianPackagesAndTheirLicences()
    {
        UnpackedImage.Require();

        string[] packages = ["base-files", "ca-certificates", "gcc-12-base", "libc6", "libgcc-s1", "libssl3", "libstdc++6", "tzdata"];

        Assert.Equal(packages, Directory.GetFiles(Path.Combine(image.Root, "var/lib/dpkg/status.d")).Select(file => Path.GetFileName(file)!)
            .Order(StringComparer.Ordinal));
        Assert.All(packages, package => Assert.True(File.Exists(Path.Combine(image.Root, "usr/share/doc", package, "copyright")), package));
        Assert.Contains(
            "VERSION_CODENAME=bookworm", File.ReadAllText(Path.Combine(image.Root, "usr/lib/os-release")), StringComparison.Ordinal);
        Assert.True(File.ReadAllText(Path.Combine(image.Root, "etc/ssl/certs/ca-certificates.crt"))
            .Split("BEGIN CERTIFICATE").Length > 100);
    }

    [Fact]
    public async Task ImageBuildIsReproducible()
    {
        UnpackedImage.Require();
        Tool.Needs("dpkg-deb", "tar");
        using var folder = new TemporaryFolder();
        var made = image.Config().GetProperty("created").GetDateTimeOffset().ToUnixTimeSeconds();
        var temporary = Directory.CreateDirectory(Path.Combine(folder.Root, "temporary")).FullName;
        // Other times of the same files, and another umask.
        var published = Path.Combine(folder.Root, "published");
        await Tool.OutputAsync("cp", "-r", "--no-preserve=all",
            Path.Combine(Repository.Artifacts, "publish", "SmmDashboard", Packages.HostArchitecture), published);
        File.SetUnixFileMode(Path.Combine(published, "smm-dashboard"), (UnixFileMode)0b111_000_000);

        await Tool.OutputAsync(
            [
                Path.Combine(Repository.Root, "packaging/image/image.sh"), Path.Combine(folder.Root, "out"), Packages.HostArchitecture,
                published,
                Packages.Folder, Path.Combine(Repository.Artifacts, "image", "debs", Packages.HostArchitecture),
            ],
            new() { ["SOURCE_DATE_EPOCH"] = $"{made}", ["TMPDIR"] = temporary, ["HOME"] = temporary, ["TZ"] = "Pacific/Chatham" },
            folder.Root);

        await Tool.OutputAsync("cmp", UnpackedImage.Archive, Path.Combine(folder.Root, "out", Path.GetFileName(UnpackedImage.Archive)));
    }

    private static async Task<string> DigestAsync(Stream stream) =>
        $"sha256:{Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, TestContext.Current.CancellationToken))}";
}
