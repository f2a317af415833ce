using SmmAgent.Cli;
using SmmAgent.Cli.Output;

PlainTerminal.Use();
return await AgentCommandLine.RunAsync(args);
