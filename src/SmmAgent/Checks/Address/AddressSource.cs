using SmmAgent.Checks.Observations;
using SmmAgent.Core.Address;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Conditions;

namespace SmmAgent.Checks.Address;

/// <summary>Checks the source of this VM's address: the settings, a provider, or the route to the mesh.</summary>
internal sealed class AddressSource() : Check("address-source", CheckGroup.Address, "How it was found")
{
    /// <summary>The command that sets the address.</summary>
    public const string SetNodeIp = "sudo smm-agent set node-ip ADDRESS";

    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        var address = await context.Address;
        var known = address.State.AddressKnown;
        var message = address.IsDaemons ? $"{known.Message} (used by the running daemon)" : known.Message;
        return
        [
            known switch
            {
                { Status: ConditionStatus.True, Reason: AddressDecision.Known } => CheckLine.Pass(message),
                { Status: ConditionStatus.True } => CheckLine.Warn(message, SetNodeIp),
                { Status: ConditionStatus.False } => CheckLine.Fail(message, SetNodeIp),
                _ => CheckLine.Skipped(context.Settings.UnreadableReason ?? message),
            },
        ];
    }
}
