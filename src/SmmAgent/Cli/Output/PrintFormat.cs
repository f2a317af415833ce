namespace SmmAgent.Cli.Output;

/// <summary>The format of the output of a command.</summary>
public enum PrintFormat
{
    Text,
    Json,
    Yaml,
}
