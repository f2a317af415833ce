using System.CommandLine;

namespace SmmAgent.Cli.Output;

/// <summary><c>--verbose</c>, the same for every command that has it.</summary>
internal static class VerboseOption
{
    public static Option<bool> Create(string description) => new("--verbose", "-v") { Description = description };
}
