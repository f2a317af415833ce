using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Tests.Files;

public sealed class AtomicFileTests
{
    // .NET reports it as a matter of rights, and an operator would look for those.
    [Fact]
    public void FolderWithTheNameOfAFileIsReported()
    {
        var folder = Directory.CreateTempSubdirectory("smm-folder-");
        try
        {
            Assert.Equal($"{folder.FullName} is a directory",
                Assert.Throws<IOException>(() => AtomicFile.ReadLimited(folder.FullName, 100)).Message);
        }
        finally
        {
            folder.Delete();
        }
    }
}
