using System.Text.Json;

namespace SmmAgent.PackageTests.Image;

/// <summary>The output of <c>./build.sh image</c>, unpacked once: the OCI layout, and the root file system of its one layer.</summary>
public sealed class UnpackedImage : IAsyncLifetime
{
    // As a container engine does: its own mounts, a read-only root, and one process of its own user, which has no capability and cannot get
    // one.
    private const string Container = """
        root=$1 config=$2
        shift 2
        mount --bind "$root" "$root"
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mount --bind -o ro "$config" "$root/config"
        mount -o remount,bind,ro "$root"
        exec setpriv --bounding-set=-all,+sys_chroot,+setgid,+setuid --no-new-privs chroot --userspec=65532:65532 --groups= "$root" "$@"
        """;

    private readonly TemporaryFolder _folder = new();

    public static string Archive { get; } = Path.Combine(
        Repository.Artifacts, "image", $"smm-dashboard-{Repository.Version}-{Packages.HostArchitecture}.tar");

    public string Layout => Path.Combine(_folder.Root, "layout");

    public string Root => Path.Combine(_folder.Root, "root");

    public async ValueTask InitializeAsync()
    {
        if (!File.Exists(Archive))
            return;

        Directory.CreateDirectory(Layout);
        // A mount point, as an engine makes it.
        Directory.CreateDirectory(Path.Combine(Root, "config"));
        await Tool.OutputAsync("tar", "-C", Layout, "-xf", Archive);
        await Tool.OutputAsync("tar", "-C", Root, "-xpf", BlobOf(Manifest().GetProperty("layers")[0]));
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    public static void Require() => Assert.SkipUnless(File.Exists(Archive), $"needs {Archive}: ./build.sh image");

    /// <summary>The command line that runs a program in a container of this image.</summary>
    /// <param name="config">The folder that is mounted at /config.</param>
    public IReadOnlyList<string> Contained(string config, params IReadOnlyList<string> command)
    {
        Require();
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root, to make mounts");
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--", "bash", "-euc", Container, "bash", Root, config, .. command];
    }

    public JsonElement Index() => Read(Path.Combine(Layout, "index.json"));

    public JsonElement Manifest() => Read(BlobOf(Index().GetProperty("manifests")[0]));

    public JsonElement Config() => Read(BlobOf(Manifest().GetProperty("config")));

    /// <summary>The file that a descriptor names.</summary>
    public string BlobOf(JsonElement descriptor) =>
        Path.Combine(Layout, "blobs", descriptor.GetProperty("digest").GetString()!.Replace(':', '/'));

    public static JsonElement Read(string file) => JsonDocument.Parse(File.ReadAllBytes(file)).RootElement;
}
