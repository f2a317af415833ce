namespace SmmAgent.Core.Text;

/// <summary>The mode of a file as chmod(1) takes it, for example <c>0640</c>.</summary>
public static class OctalMode
{
    public static string Format(UnixFileMode mode) => Convert.ToString((int)mode, 8).PadLeft(4, '0');
}
