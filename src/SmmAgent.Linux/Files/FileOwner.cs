using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Files;

/// <summary>The user and the group of a file.</summary>
public readonly record struct FileOwner(uint User, uint Group)
{
    /// <summary>The owner of an existing file; links are followed.</summary>
    public static FileOwner Read(string path) => FileStatus.Read(path).Owner;

    /// <summary>The user of this process with the given group; null when the host has no such group.</summary>
    public static FileOwner? WithGroup(string name) =>
        UserNames.Group(name) is { } group ? new FileOwner(CurrentUser, group) : null;

    /// <summary>
    /// The user with this name, or with this number if no user has the name. If the file already belongs to the user, its group is kept;
    /// otherwise the group is that of the user.
    /// </summary>
    /// <param name="found">The current owner of the file; null when there is no file.</param>
    /// <exception cref="InvalidDataException">The host has no such user.</exception>
    internal static FileOwner Named(string name, FileOwner? found, string path)
    {
        var owner = UserNames.Owner(name)
            ?? (uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? new FileOwner(number, number)
                : default(FileOwner?))
            ?? throw new InvalidDataException(
                $"{path} cannot be given to {name}: this host has no such user; install the package that makes it");
        return found is { } now && now.User == owner.User ? now : owner;
    }

    /// <summary>The effective user of this process.</summary>
    internal static uint CurrentUser => Libc.GetEffectiveUser();

    internal void GiveTo(SafeFileHandle file, string path)
    {
        if (Libc.ChangeOwner(file, User, Group) != 0)
            throw new UnauthorizedAccessException(
                $"{path} cannot be given to user {User} and group {Group}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    internal void GiveTo(string folder)
    {
        if (Libc.ChangeOwner(folder, User, Group) != 0)
            throw new UnauthorizedAccessException(
                $"{folder} cannot be given to user {User} and group {Group}: {Marshal.GetLastPInvokeErrorMessage()}");
    }
}
