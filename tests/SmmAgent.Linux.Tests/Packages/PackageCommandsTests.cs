using SmmAgent.Core.Packages;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Packages;

namespace SmmAgent.Linux.Tests.Packages;

/// <summary>The messages of systemd-run when it cannot run the package manager.</summary>
public sealed class PackageCommandsTests
{
    [Theory]
    [InlineData(255, "", PackageFailureReason.Interrupted, "apt-get was killed by a signal")]
    [InlineData(137, "", PackageFailureReason.Interrupted, "apt-get was killed by signal 9")]
    [InlineData(1, "Failed to create bus connection: No such file or directory", PackageFailureReason.NoInstaller,
        "Failed to create bus connection: No such file or directory")]
    public void FailureOfSystemdRunIsReported(int exitCode, string error, PackageFailureReason fault, string message)
    {
        var failure = InstallerText.Failure(new(["apt-get", "install"], CommandEnding.Exited, exitCode, "", error));

        Assert.Equal((fault, message), (failure.Reason, failure.Message));
        Assert.Equal(fault == PackageFailureReason.NoInstaller,
            InstallerText.IsWithoutBus(new(["apt-get"], CommandEnding.Exited, exitCode, "", error)));
    }
}
