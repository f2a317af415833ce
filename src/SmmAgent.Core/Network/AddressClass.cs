namespace SmmAgent.Core.Network;

/// <summary>The class of an address, with regard to whether other hosts can reach it.</summary>
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

    /// <summary>An address of 6to4, Teredo or NAT64, which translate between IPv4 and IPv6. A translator answers there, not a VM.</summary>
    Transition,

    /// <summary>The metadata service of a cloud.</summary>
    CloudMetadata,
    Reserved,
}
