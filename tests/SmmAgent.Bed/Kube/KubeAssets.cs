namespace SmmAgent.Bed.Kube;

/// <summary>The programs of a Kubernetes API server: those of <c>KUBEBUILDER_ASSETS</c>, else of <c>artifacts/kube</c>.</summary>
public static class KubeAssets
{
    /// <summary>Null when there are none.</summary>
    public static string? Folder { get; } = Find();

    public static string Program(string name) => Path.Combine(Folder!, name);

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("KUBEBUILDER_ASSETS") is { Length: > 0 } given)
            return HasServer(given) ? given : null;

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (folder.GetFiles("SmmAgent.sln").Length > 0)
                return Path.Combine(folder.FullName, "artifacts", "kube") is var built && HasServer(built) ? built : null;
        }

        return null;
    }

    private static bool HasServer(string folder) => File.Exists(Path.Combine(folder, "kube-apiserver")) && File.Exists(Path.Combine(folder, "etcd"));
}
