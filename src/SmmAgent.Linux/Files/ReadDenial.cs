using SmmAgent.Core.Text;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Files;

/// <summary>Why a user cannot read a file, and the commands that change that.</summary>
/// <param name="Found">The user, and the file or the folder in its path that denies access, with owner, group and mode.</param>
/// <param name="Remediation">The shell commands that fix this.</param>
public sealed record ReadDenial(string Found, string Remediation)
{
    /// <summary>The user that the package creates for the daemon.</summary>
    public const string DaemonUser = "smm-agent";

    private const string AccessList = "system.posix_acl_access";

    /// <summary>Evaluates owners, groups and modes for the user of the daemon.</summary>
    /// <returns>Null when the daemon may read the file, when that is unknown, or when the host has no such user.</returns>
    public static ReadDenial? ForDaemon(string path) => For(path, DaemonUser);

    /// <summary>Evaluates owners, groups and modes for the user of this process.</summary>
    public static ReadDenial? ForThisProcess(string path) => For(path, UserNames.UserName(FileOwner.CurrentUser));

    public override string ToString() => $"{Found}: {Remediation}";

    internal static ReadDenial? For(string path, string user)
    {
        if (UserNames.Owner(user) is not { User: not 0 } identity)
            return null;

        try
        {
            var groups = UserNames.Groups(user, identity.Group);
            var end = new FileInfo(path).LinkTarget is null ? path : File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName
                ?? path;
            foreach (var folder in FoldersOf(end))
            {
                if (!Has(folder, identity.User, groups, UnixFileMode.UserExecute, UnixFileMode.GroupExecute, UnixFileMode.OtherExecute))
                    return new($"the user {user} cannot read {path}: the folder {folder} is {Rights(folder)}",
                        $"sudo chgrp {user} {folder} && sudo chmod g+x {folder}");
            }

            return !Path.Exists(end)
                || Has(end, identity.User, groups, UnixFileMode.UserRead, UnixFileMode.GroupRead, UnixFileMode.OtherRead)
                ? null
                : new($"the user {user} cannot read {path}: {(end == path ? "it" : end)} is {Rights(end)}",
                    $"sudo chgrp {user} {end} && sudo chmod g+r {end}");
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return null; // unknown: the file or a folder in its path cannot be read
        }
    }

    private static IEnumerable<string> FoldersOf(string path)
    {
        for (var at = path.IndexOf('/', 1); at > 0; at = path.IndexOf('/', at + 1))
            yield return path[..at];
    }

    // Only the first class that matches counts, even if another class has more rights. An access list may grant more than the mode shows.
    private static bool Has(
        string path, uint user, IReadOnlyCollection<uint> groups, UnixFileMode own, UnixFileMode ofGroup, UnixFileMode ofOthers)
    {
        var status = FileStatus.Read(path);
        var needed = status.Owner.User == user ? own : groups.Contains(status.Owner.Group) ? ofGroup : ofOthers;
        return (status.Mode & needed) != 0 || Libc.GetExtendedAttribute(path, AccessList, [], 0) > 0;
    }

    private static string Rights(string path)
    {
        var status = FileStatus.Read(path);
        return $"{UserNames.UserName(status.Owner.User)}:{UserNames.GroupName(status.Owner.Group)} with mode "
            + $"{OctalMode.Format(status.Mode)}";
    }
}
