using SmmAgent.Cli;

return await AgentCommandLine.RunAsync(args);
