using System.CommandLine;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SmmDashboard.Startup;

/// <summary><c>smm-dashboard version</c>.</summary>
internal static class VersionCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Command Create()
    {
        var output = OutputFormat.Create("version");
        var command = new Command("version", "Print the version.") { output };
        command.SetAction(parsed => parsed.InvocationConfiguration.Output.Write(OutputFormat.Write(
            parsed.GetValue(output),
            () => $"smm-dashboard {Current}\n",
            () => new JsonObject { ["version"] = Current }.ToJsonString(Indented))));
        return command;
    }

    private static string Current { get; } =
        typeof(VersionCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
}
