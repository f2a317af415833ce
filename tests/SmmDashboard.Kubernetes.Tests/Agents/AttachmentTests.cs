using SmmAgent.Contract;
using SmmDashboard.Agents;

namespace SmmDashboard.Kubernetes.Tests.Agents;

/// <summary>The condition of a VM in the list of machines.</summary>
public sealed class AttachmentTests
{
    [Theory]
    [InlineData(
        "ConfigCurrent=True:Current AddressKnown=True:Known GatewaysReachable=True:Reachable PortsOpen=True:Open "
            + "SidecarRunning=True:Running Registered=True:Registered", "True Attached")]
    [InlineData(
        "ConfigCurrent=True:Current AddressKnown=True:Known GatewaysReachable=False:Refused PortsOpen=False:NotOpen "
            + "Registered=False:NotConnected", "False Refused")]
    [InlineData("ConfigCurrent=True:Current AddressKnown=Unknown:Pending GatewaysReachable=True:Reachable PortsOpen=False:NotOpen",
        "False NotOpen")]
    [InlineData("ConfigCurrent=True:Current AddressKnown=Unknown:Pending GatewaysReachable=True:Reachable PortsOpen=True:Open",
        "Unknown Pending")]
    [InlineData(
        "ConfigCurrent=True:Current AddressKnown=True:Known GatewaysReachable=True:Reachable PortsOpen=True:Open "
            + "SidecarRunning=True:Running Registered=False:StaleEntry", "False StaleEntry")]
    [InlineData(
        "ConfigCurrent=True:Current AddressKnown=True:Known GatewaysReachable=True:Reachable PortsOpen=True:Open "
            + "SidecarRunning=Unknown:Disabled Registered=False:NotConnected", "True Attached")]
    [InlineData("Healthy=True:Healthy", null)]
    public void FirstUnfulfilledStepIsTheReason(string conditions, string? expected)
    {
        var attached = Attachment.Evaluate([.. conditions.Split(' ').Select(Parse)]);
        Assert.Equal(expected, attached is null ? null : $"{attached.Status} {attached.Reason}");
    }

    private static Condition Parse(string text) => text.Split('=', ':') is [var type, var status, var reason]
        ? new Condition { Type = type, Status = status, Reason = reason, Message = "", LastTransitionTime = DateTimeOffset.UnixEpoch }
        : throw new ArgumentException(text);
}
