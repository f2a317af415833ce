namespace SmmAgent.Core.Address;

/// <summary>What kind of address it is, as far as it matters for being reached from elsewhere.</summary>
public enum AddressClass
{
    Global,
    Unspecified,
    Loopback,
    LinkLocal,
    Private,
    CarrierGradeNat,
    UniqueLocal,
    Multicast,
    Broadcast,
    Documentation,
    Reserved,
}
