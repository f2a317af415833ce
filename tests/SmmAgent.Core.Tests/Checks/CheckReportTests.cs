using System.Text.Json;
using SmmAgent.Core.Checks;

namespace SmmAgent.Core.Tests.Checks;

public sealed class CheckReportTests
{
    [Fact]
    public void TimeOfTheReportIsUtcWithoutFractions()
    {
        var started = new DateTimeOffset(2026, 1, 2, 5, 4, 5, 678, TimeSpan.FromHours(2));
        var report = CheckReport.Create("1.2.3", null, root: true, started, []);

        using var json = JsonDocument.Parse(CheckJson.Write(report));

        Assert.Equal("2026-01-02T03:04:05Z", json.RootElement.GetProperty("startedAt").GetString());
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("workloadGroup").ValueKind);
    }
}
