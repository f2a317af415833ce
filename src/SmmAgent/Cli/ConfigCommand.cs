using System.CommandLine;
using SmmAgent.Cli.Output;
using SmmAgent.Core.Settings;
using SmmAgent.Host;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent config show</c>: prints each effective value and its source. It reads files only.</summary>
internal static class ConfigCommand
{
    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var output = OutputOption.Create();
        var show = new Command("show", "Show each value and where it came from.") { output, ConfigOption.Create() };
        show.SetAction(parsed => Show(ConfigListing.Collect(paths(parsed)), OutputOption.Format(parsed, output)));
        return new Command("config", "Show the configuration in effect.") { show };
    }

    private static int Show(ConfigListing listing, PrintFormat format)
    {
        Console.Out.Write(format == PrintFormat.Text
            ? ConfigText.Text(listing, OutputStyle.FromConsole())
            : ConfigText.Structured(listing, format));
        return listing.Faults.Count > 0 ? ExitCode.Usage : listing.IsHidden ? ExitCode.NotPermitted : ExitCode.Done;
    }
}
