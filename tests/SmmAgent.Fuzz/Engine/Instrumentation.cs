using SharpFuzz;

namespace SmmAgent.Fuzz.Engine;

/// <summary>Writes branch counters into a copy of the assemblies under test.</summary>
internal static class Instrumentation
{
    // Our assemblies, and the one library that reads foreign text.
    private static readonly string[] Assemblies = [
        "SmmAgent.Contract", "SmmAgent.Core", "SmmAgent.Linux", "smm-agent", "smm-dashboard", "YamlDotNet"];

    public static int Write(string folder)
    {
        foreach (var assembly in Assemblies)
        {
            // Generated readers of JSON only call those of the framework: their many branches carry no information.
            var types = Fuzzer.Instrument(
                Path.Combine(folder, $"{assembly}.dll"), type => !type.Contains("Json.", StringComparison.Ordinal), Options.Value).Count();
            Console.WriteLine($"{assembly}: {types} types");
        }

        return 0;
    }
}
