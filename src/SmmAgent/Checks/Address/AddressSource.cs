using SmmAgent.Checks.Observations;
using SmmAgent.Core.Address;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Conditions;

namespace SmmAgent.Checks.Address;

/// <summary>How this VM's address was found: configured, told by a provider, or the source of a route to the mesh.</summary>
internal sealed class AddressSource() : Check("address-source", CheckGroup.Address, "How it was found")
{
    /// <summary>What settles which address is meant.</summary>
    public const string SetNodeIp = "sudo smm-agent set node-ip ADDRESS";

    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        var look = await context.Address;
        var known = look.State.AddressKnown;
        var said = look.IsDaemons ? $"{known.Message} (what the running daemon uses)" : known.Message;
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
