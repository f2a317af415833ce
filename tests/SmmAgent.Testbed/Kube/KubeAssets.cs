namespace SmmAgent.Testbed.Kube;

/// <summary>The programs of a Kubernetes API server: those of <c>KUBEBUILDER_ASSETS</c>, else of <c>artifacts/kube</c>.</summary>
public static class KubeAssets
{
    /// <summary>The folder with SmmAgent.sln.</summary>
    public static string Repository { get; } = FindRepository()?.FullName
        ?? throw new InvalidOperationException("SmmAgent.sln was not found above the tests");

    /// <summary>Null when there are none.</summary>
    public static string? Folder { get; } = Find();

    public static string Program(string name) => Path.Combine(Folder!, name);

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("KUBEBUILDER_ASSETS") is { Length: > 0 } given)
            return HasServer(given) ? given : null;

        return Path.Combine(Repository, "artifacts", "kube") is var built && HasServer(built) ? built : null;
    }

    private static DirectoryInfo? FindRepository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && folder.GetFiles("SmmAgent.sln").Length == 0)
            folder = folder.Parent;
        return folder;
    }

    private static bool HasServer(string folder) =>
        File.Exists(Path.Combine(folder, "kube-apiserver")) && File.Exists(Path.Combine(folder, "etcd"));
}
