using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests;

/// <summary>The agent where every user may run it; the checkout may lie in a home that only root enters.</summary>
internal sealed class AgentForEveryone : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("smm-program-");

    public AgentForEveryone()
    {
        File.SetUnixFileMode(_folder.FullName, (UnixFileMode)0b111_101_101);
        // One native file; a build for development has its assemblies beside it.
        var isNative = !File.Exists(Programs.Agent + ".dll");
        foreach (var file in isNative ? [Programs.Agent] : Directory.EnumerateFiles(System.IO.Path.GetDirectoryName(Programs.Agent)!))
            File.Copy(file, System.IO.Path.Combine(_folder.FullName, System.IO.Path.GetFileName(file)));
    }

    public string Path => System.IO.Path.Combine(_folder.FullName, System.IO.Path.GetFileName(Programs.Agent));

    public void Dispose() => _folder.Delete(recursive: true);
}
