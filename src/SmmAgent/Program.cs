using SmmAgent.Cli;
using SmmAgent.Cli.Output;
using SmmAgent.Linux.Network.Tls;

SystemTrust.KeepUnloaded();
PlainTerminal.Use();
return await AgentCommandLine.RunAsync(args);
