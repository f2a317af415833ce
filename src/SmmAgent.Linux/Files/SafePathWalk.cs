namespace SmmAgent.Linux.Files;

/// <summary>
/// Finds a folder name by name, holding each folder on the way, so that nothing that is swapped meanwhile leads elsewhere.
/// </summary>
/// <remarks>
/// A symbolic link is followed where only root, or this process's own user, can have laid it: where it lies in a folder, below folders,
/// that belong to them and that nobody else may write to. So /var/run leads to /run, and no link of the sidecar's leads anywhere.
/// </remarks>
internal static class SafePathWalk
{
    private const int MostLinks = 40;

    /// <summary>Walks to the folder that a path lies in.</summary>
    /// <param name="name">The path's last name, which is not looked at.</param>
    /// <returns>The folder; null when there is none.</returns>
    public static PathHandle? ToFolderOf(string root, string path, out string name)
    {
        var names = Names(path);
        name = names[^1];
        return To(root, path, names[..^1], make: null);
    }

    /// <summary>Walks to a folder.</summary>
    /// <param name="make">Makes the folder of that name that is missing; told whether it is the last.</param>
    public static PathHandle To(string root, string path, Func<PathHandle, string, bool, PathHandle> make) =>
        To(root, path, Names(path), make)!;

    /// <summary>Walks to what a path leads to in the end, also by a link at its end.</summary>
    /// <returns>What is there; null when there is nothing.</returns>
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
                // Only a link has it.
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
                // Below it there is nothing; what is to be made there cannot be.
                if (next.Status.Kind != FileKind.Link && make is null)
                    return null;
                if (next.Status.Kind != FileKind.Link)
                    throw new IOException($"{path} cannot be reached: {next.Path} of {next.Owner} is no folder; remove it");
                if (!here.IsTrusted)
                    throw Refusal(path, here, next);
                if (++links > MostLinks)
                    throw new InvalidDataException(
                        $"{path} is not touched: more than {MostLinks} symbolic links lead to it, {next.Path} of {next.Owner} "
                            + "the last; mend them");

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
