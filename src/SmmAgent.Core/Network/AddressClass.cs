namespace SmmAgent.Core.Network;

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

    /// <summary>IPv6 that carries IPv4 or the other way round: 6to4, Teredo, NAT64. A translator answers there, not a VM.</summary>
    Transition,

    /// <summary>The metadata service of a cloud.</summary>
    CloudMetadata,
    Reserved,
}
