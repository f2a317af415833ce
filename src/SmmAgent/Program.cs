using SmmAgent.Cli;

// Console.Out and Console.Error of .NET prepare a terminal for reading keys, and write escape sequences for that even with NO_COLOR.
Console.SetOut(new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true });
Console.SetError(new StreamWriter(Console.OpenStandardError()) { AutoFlush = true });
return await AgentCommandLine.RunAsync(args);
