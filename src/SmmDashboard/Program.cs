return await SmmDashboard.Startup.Run.MainAsync(args, Console.Error);
