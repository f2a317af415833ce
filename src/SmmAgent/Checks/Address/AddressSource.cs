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
        var look = await context.Address;
        var known = look.State.AddressKnown;
        var said = look.IsDaemons ? $"{known.Message} (used by the running daemon)" : known.Message;
        return
        [
            known switch
            {
                { Status: ConditionStatus.True, Reason: AddressDecision.Known } => CheckLine.Pass(said),
                { Status: ConditionStatus.True } => CheckLine.Warn(said, SetNodeIp),
                { Status: ConditionStatus.False } => CheckLine.Fail(said, SetNodeIp),
                _ => CheckLine.Skipped(context.Settings.UnreadableReason ?? said),
            },
        ];
    }
}
