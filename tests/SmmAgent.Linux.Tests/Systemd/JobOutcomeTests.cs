using SmmAgent.Linux.Systemd;

namespace SmmAgent.Linux.Tests.Systemd;

public sealed class JobOutcomeTests
{
    [Theory]
    [InlineData(UnitJob.Start, "done", "success", "istio.service is started")]
    [InlineData(UnitJob.Stop, "done", "success", "istio.service is stopped")]
    [InlineData(UnitJob.Restart, "done", "success", "istio.service is started again")]
    [InlineData(UnitJob.Start, "waiting", "success", "istio.service is not ready after 30 s")]
    [InlineData(UnitJob.Stop, "waiting", "success", "istio.service did not stop in 30 s")]
    [InlineData(UnitJob.Start, "failed", "exit-code", "istio.service did not start (exit-code)")]
    [InlineData(UnitJob.Start, "failed", "success", "istio.service did not start (failed)")]
    [InlineData(UnitJob.Restart, "timeout", "success", "istio.service did not start again (systemd's time for the job was over)")]
    [InlineData(UnitJob.Stop, "canceled", "exit-code", "istio.service did not stop (canceled: another job took its place)")]
    [InlineData(UnitJob.Start, "skipped", "exit-code", "istio.service did not start (skipped)")]
    public void AnOutcomeIsOneLineForTheOperator(UnitJob job, string result, string serviceResult, string text)
    {
        var service = new ServiceState(new("istio.service", "loaded", "active", "running", "enabled"), 0, null, 0, serviceResult);

        var outcome = new JobOutcome(job, result, service, TimeSpan.FromSeconds(30));

        Assert.Equal((text, result == "done"), ($"{outcome}", outcome.IsDone));
    }

    [Theory]
    [InlineData("not-found", "istio.service did not start (there is no such unit)")]
    [InlineData("masked", "istio.service did not start (it is masked)")]
    [InlineData("loaded", "istio.service did not start (Transaction is destructive.)")]
    public void ARefusalNamesTheErrorOfTheUnitElseTheMessageOfSystemd(string load, string text)
    {
        var unit = new UnitState("istio.service", load, "inactive", "dead", "");

        Assert.Equal(text, $"{new JobOutcome(UnitJob.Start, "refused", unit, TimeSpan.FromSeconds(30), "Transaction is destructive.")}");
    }
}
