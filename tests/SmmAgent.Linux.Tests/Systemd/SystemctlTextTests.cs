using SmmAgent.Linux.Systemd;

namespace SmmAgent.Linux.Tests.Systemd;

public sealed class SystemctlTextTests
{
    [Fact]
    public void AServiceIsReadWithItsPropertiesInAnyOrder()
    {
        var service = SystemctlText.ParseService(
            "istio.service",
            "Result=exit-code\nMainPID=42\nNRestarts=7\nExecMainStartTimestamp=Wed 2026-11-25 15:56:36 UTC\n"
            + "LoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\n");

        Assert.Equal(
            ("istio.service", "loaded", "active", "running", "enabled"),
            (service.Name, service.Load, service.Active, service.Sub, service.File));
        Assert.Equal((42, 7, "exit-code"), (service.MainPid, service.Restarts, service.Result));
        Assert.Equal(new DateTimeOffset(2026, 11, 25, 15, 56, 37, TimeSpan.Zero).AddTicks(-1), service.Since);
    }

    [Theory]
    [InlineData("MainPID=0\nExecMainStartTimestamp=Wed 2026-11-25 15:56:36 UTC\nLoadState=loaded\n")]
    [InlineData("MainPID=42\nExecMainStartTimestamp=\nLoadState=loaded\n")]
    [InlineData("MainPID=42\nExecMainStartTimestamp=n/a\nLoadState=loaded\n")]
    [InlineData("LoadState=not-found\n")]
    public void AServiceWithoutAProcessHasNoStart(string shown) => Assert.Null(SystemctlText.ParseService("istio.service", shown).Since);

    [Theory]
    [InlineData(
        "Job for istio.service failed because the control process exited with error code.\nSee \"systemctl status "
            + "istio.service\" for details.\n",
        "failed",
        null)]
    [InlineData("Warning: The unit file changed on disk.\nJob for istio.service canceled.\n", "canceled", null)]
    [InlineData("Job for istio.service timed out.\n", "timeout", null)]
    [InlineData("A dependency job for istio.service failed. See 'journalctl -xe' for details.\n", "dependency", null)]
    [InlineData("Assertion failed on job for istio.service.\n", "assert", null)]
    [InlineData("Failed to start istio.service: Unit istio.service not found.\n", "refused", "Unit istio.service not found.")]
    [InlineData(
        "Failed to start istio.service: Transaction for istio.service/start is destructive.\n",
        "refused",
        "Transaction for istio.service/start is destructive.")]
    public void TheEndOfAJobIsRead(string error, string result, string? said) =>
        Assert.Equal((result, said), SystemctlText.ParseJobEnd(UnitJob.Start, "istio.service", error));

    [Theory]
    [InlineData("Failed to start istio.service: Access denied\n")]
    [InlineData("Failed to connect to bus: No such file or directory\n")]
    [InlineData("Job for other.service failed.\n")]
    [InlineData("")]
    public void AnotherFailureIsNotTheEndOfTheJob(string error) =>
    Assert.Null(SystemctlText.ParseJobEnd(UnitJob.Start, "istio.service", error));
}
