namespace SmmDashboard.Tests.Running;

public sealed class TemporaryFolder : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("smm-dashboard-").FullName;

    public string Path(string name) => System.IO.Path.Combine(_path, name);

    public string Write(string name, string text)
    {
        var path = Path(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Replaces the file as editors do: a new file is renamed over it.</summary>
    public void Replace(string name, string text)
    {
        Write(name + ".new", text);
        File.Move(Path(name + ".new"), Path(name), overwrite: true);
    }

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
