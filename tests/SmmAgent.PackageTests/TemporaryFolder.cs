namespace SmmAgent.PackageTests;

internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("smm-package-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
