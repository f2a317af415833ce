using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.Tests.Files;

public sealed class FileErrorsTests
{
    public static TheoryData<Exception, string, string> Cases => new()
    {
        { new UnauthorizedAccessException("Access to the path '/x/y' is denied."), $"permission denied for user {Environment.UserName}",
            "/x/y: " },
        { new FileNotFoundException("Could not find file '/x/y'."), "no such file or directory", "/x/y: " },
        { new DirectoryNotFoundException("Could not find a part of the path '/x/y'."), "no such file or directory", "/x/y: " },
        { new IOException("No space left on device : '/x/y'"), "no space left on device", "/x/y: " },
        { new IOException("Read-only file system : '/x/y'"), "read-only file system", "/x/y: " },
        { new InvalidDataException("/x/y is larger than 5 bytes"), "/x/y is larger than 5 bytes", "" },
        { new IOException("the file '/x' is odd."), "the file '/x' is odd", "" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void ReasonHasTheWordsOfErrno(Exception exception, string reason, string path)
    {
        Assert.Equal(reason, FileErrors.Reason(exception));
        Assert.Equal(path + reason, FileErrors.Describe(exception));
    }

    [Fact]
    public void RealErrorsAreDescribedWithoutTheWordsOfDotNet()
    {
        var missing = Assert.ThrowsAny<IOException>(() => File.ReadAllText("/nowhere/at/all"));
        Assert.Equal("/nowhere/at/all: no such file or directory", FileErrors.Describe(missing));
        var folder = Assert.ThrowsAny<Exception>(() => File.WriteAllText("/proc/self/no-such", ""));
        Assert.DoesNotContain("path", FileErrors.Describe(folder), StringComparison.Ordinal);
    }
}
