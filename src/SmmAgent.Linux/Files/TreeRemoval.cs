using SmmAgent.Linux.Interop;

namespace SmmAgent.Linux.Files;

/// <summary>Removes a folder and its content. It never leaves the folder, neither through a link nor into another mount.</summary>
/// <param name="mount">The mount of the folder.</param>
internal sealed class TreeRemoval(string mount)
{
    // A user who may write to the folder must not be able to overflow the stack.
    private const int Deepest = 500;

    public void Remove(PathHandle folder, FileName name, int depth = 0)
    {
        var error = folder.Unlink(name);
        if (error is 0 or Errno.ENOENT)
            return;

        using var child = folder.Child(name);
        if (child is null)
            return;
        if (error != Errno.EISDIR || child.Status.Kind != FileKind.Folder)
            throw FileFailure.From($"{child.Path} cannot be removed", error);
        if (child.Mount != mount)
            throw FileFailure.From($"{child.Path} cannot be removed", Errno.EBUSY);
        if (depth == Deepest)
            throw new IOException($"{child.Path} is not removed: more than {Deepest} folders are nested; remove them with rm -r");

        foreach (var below in child.List())
            Remove(child, below, depth + 1);
        if (folder.RemoveFolder(name) is var failure and not (0 or Errno.ENOENT))
            throw FileFailure.From($"{child.Path} cannot be removed", failure);
    }
}
