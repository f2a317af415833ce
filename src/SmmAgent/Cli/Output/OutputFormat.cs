namespace SmmAgent.Cli.Output;

/// <summary>The format of the output of a command.</summary>
public enum OutputFormat
{
    Text,
    Json,
    Yaml,
}
