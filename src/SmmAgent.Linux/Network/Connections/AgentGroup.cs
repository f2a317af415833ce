using SmmAgent.Linux.Files;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Network.Connections;

/// <summary>The group of the agent's daemon. The sidecar's capture leaves connections of this group alone (cluster.env).</summary>
/// <remarks>iptables' <c>--gid-owner</c> compares the file system group (fsgid) of the thread that called socket(2). Linux keeps one for
/// each thread.</remarks>
internal static class AgentGroup
{
    private const string Name = "smm-agent";

    private static readonly Lazy<uint?> Found = new(() => UserNames.Group(Name));

    /// <summary>The group's number; null where the host has no such group.</summary>
    public static uint? Number => Found.Value;

    /// <summary>Whether this process can open sockets as the group: the daemon and root can, other users cannot.</summary>
    public static bool CanJoin => Number is { } number && (Environment.IsPrivilegedProcess || Libc.GetEffectiveGroup() == number);

    /// <summary>Makes this thread a member until the result is disposed. There must be no await in between.</summary>
    /// <remarks>Only the fsgid changes, and only for as long as it takes to open a socket or to resolve a name: no file gets another
    /// group.</remarks>
    public static Membership Join() =>
        Number is { } number && Environment.IsPrivilegedProcess ? new(Libc.SetFileSystemGroup(number)) : default;

    /// <summary>Ends with <see cref="Dispose"/>, which gives the thread its group back.</summary>
    public readonly ref struct Membership
    {
        private readonly uint? _before;

        internal Membership(uint before) => _before = before;

        public void Dispose()
        {
            if (_before is { } before)
                _ = Libc.SetFileSystemGroup(before);
        }
    }
}
