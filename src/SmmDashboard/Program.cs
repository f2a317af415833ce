return await SmmDashboard.Startup.EntryPoint.MainAsync(args, Console.Error);
