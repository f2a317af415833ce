namespace SmmAgent.NetnsTests.Checks;

/// <summary>A folder for PATH with programs that do nothing.</summary>
internal sealed class ProgramFolder : IDisposable
{
    public ProgramFolder(params string[] programs)
    {
        foreach (var program in programs)
        {
            var file = System.IO.Path.Combine(Path, program);
            File.WriteAllText(file, "#!/bin/sh\n");
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    public string Path { get; } = Directory.CreateTempSubdirectory("smm-programs-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
