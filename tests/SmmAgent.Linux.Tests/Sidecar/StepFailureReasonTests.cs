using System.Reflection;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Linux.Dashboard;

namespace SmmAgent.Linux.Tests.Sidecar;

/// <summary>The reasons of the dashboard's client and of the packages are reasons of a failed step.</summary>
public sealed class StepFailureReasonTests
{
    [Fact]
    public void EveryReasonOfAPackageFailureIsKnown() => Assert.All(
        Enum.GetValues<PackageFailureReason>(), reason => Assert.Equal($"{reason}", $"{StepFailureReasons.From(reason)}"));

    [Fact]
    public void EveryReasonOfTheDashboardClientIsKnown()
    {
        var reasons = typeof(FailureReasons).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => (string)field.GetRawConstantValue()!).ToList();

        Assert.NotEmpty(reasons);
        Assert.All(reasons, reason => Assert.Equal(reason, $"{StepFailureReasons.Parse(reason)}"));
    }

    [Fact]
    public void UnknownReasonIsReadAsUnknown() => Assert.Equal(StepFailureReason.Unknown, StepFailureReasons.Parse("FromTheFuture"));
}
