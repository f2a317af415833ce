namespace SmmAgent.Linux.Files;

/// <summary>
/// Resolves a path one name at a time and keeps each folder on the way open, so that an entry that is replaced meanwhile cannot redirect
/// the walk.
/// </summary>
/// <remarks>
/// A symbolic link is followed only if root or the user of this process created it: its folder and all folders above belong to them, and
/// no other user may write there. So the link /var/run is followed to /run, and a link of the sidecar's user is never followed.
/// </remarks>
internal static class SafePathWalk
{
    private const int MostLinks = 40;

    /// <summary>Walks to the folder that contains a path.</summary>
    /// <param name="name">The last name of the path, which is not examined.</param>
    /// <returns>The folder; null when it does not exist.</returns>
    public static PathHandle? ToFolderOf(string root, string path, out string name)
    {
        var names = Names(path);
        name = names[^1];
        return To(root, path, names[..^1], make: null);
    }

    /// <summary>Walks to a folder.</summary>
    /// <param name="make">Creates a missing folder. The arguments are the parent, the name, and whether it is the last name of the
    /// path.</param>
    public static PathHandle To(string root, string path, Func<PathHandle, string, bool, PathHandle> make) =>
        To(root, path, Names(path), make)!;

    /// <summary>Walks to the final target of a path, including a link at its end.</summary>
    /// <returns>The target; null when it does not exist.</returns>
    public static PathHandle? ToEnd(string root, string path) => To(root, path, Names(path), make: null, mayEndInFile: true);

    private static PathHandle? To(
        string root, string path, string[] names, Func<PathHandle, string, bool, PathHandle>? make, bool mayEndInFile = false)
    {
        var held = new Stack<PathHandle>([PathHandle.Root(root)]);
        var ahead = new Stack<string>(names.Reverse());
        var links = 0;
        try
        {
            while (ahead.TryPop(out var name))
            {
                // Only the target of a link can contain this name.
                if (name == "..")
                {
                    LeaveTo(held, Math.Max(1, held.Count - 1));
                    continue;
                }

                var here = held.Peek();
                if ((here.Child(name) ?? make?.Invoke(here, name, ahead.Count == 0)) is not { } next)
                    return null;

                held.Push(next);
                if (next.Status.Kind == FileKind.Folder || (mayEndInFile && ahead.Count == 0 && next.Status.Kind != FileKind.Link))
                    continue;
                // A file has no entries: the path does not exist, and nothing can be created there.
                if (next.Status.Kind != FileKind.Link && make is null)
                    return null;
                if (next.Status.Kind != FileKind.Link)
                    throw new IOException($"{path} cannot be reached: {next.Path} of {next.Owner} is no folder; remove it");
                if (!here.IsTrusted)
                    throw Refusal(path, here, next);
                if (++links > MostLinks)
                    throw new InvalidDataException(
                        $"{path} is not touched: more than {MostLinks} symbolic links lead to it, {next.Path} of {next.Owner} "
                            + "the last; fix them");

                var target = next.LinkTarget();
                foreach (var part in target.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(part => part != ".").Reverse())
                    ahead.Push(part);
                LeaveTo(held, target.StartsWith('/') ? 1 : held.Count - 1);
            }

            return held.Pop();
        }
        finally
        {
            LeaveTo(held, 0);
        }
    }

    private static InvalidDataException Refusal(string path, PathHandle here, PathHandle link) =>
        new(
            $"{path} is not touched: {link.Path} is a symbolic link of {link.Owner}, and others than root may write to {here.Path} or "
                + "change the way there; "
            + "remove the link, or give the folders above it to root alone");

    private static void LeaveTo(Stack<PathHandle> held, int count)
    {
        while (held.Count > count)
            held.Pop().Dispose();
    }

    private static string[] Names(string path)
    {
        var names = path.Split('/')[1..];
        return path.StartsWith('/') && names.Length > 0 && !names.Any(name => name is "" or "." or ".." || name.Contains('\0'))
            ? names
            : throw new ArgumentException($"{path} is no path that smm-agent writes to", nameof(path));
    }
}
