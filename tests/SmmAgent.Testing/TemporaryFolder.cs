namespace SmmAgent.Testing;

/// <summary>An empty folder that is removed with everything in it.</summary>
public sealed class TemporaryFolder : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("smm-test-").FullName;

    public string Path(string name) => System.IO.Path.Combine(Root, name);

    public string Write(string name, string text)
    {
        var path = Path(name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Replaces a file as editors do: a new file is renamed over it.</summary>
    public void Replace(string name, string text)
    {
        Write(name + ".new", text);
        File.Move(Path(name + ".new"), Path(name), overwrite: true);
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
