using System.Reflection;

namespace SmmAgent.Host;

/// <summary>The version of this program, which Directory.Build.props sets.</summary>
internal static class ProgramVersion
{
    public static string Current { get; } =
        typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
