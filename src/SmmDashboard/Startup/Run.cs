using SmmAgent.Contract;
using SmmDashboard.Files.Mesh;

namespace SmmDashboard.Startup;

/// <summary>One run of the process, from the command line to the exit code: 0 stopped, 1 failed, 2 wrong usage or an invalid file.</summary>
public static class Run
{
    public static async Task<int> MainAsync(string[] args, TextWriter error)
    {
        if (new CommandLine().Parse(args, error, out var exitCode) is not { } options)
            return exitCode;

        var content = new MeshFile(options.Mesh).Load();
        var mesh = content.Value is { } bytes ? MeshFile.Read(bytes) : ReadResult<MeshDescription>.Refused(content.Faults);
        foreach (var fault in mesh.Faults)
            error.WriteLine($"smm-dashboard: {options.Mesh}: {fault}");
        if (mesh.Value is null)
            return 2;

        try
        {
            return await ServeAsync(options, mesh.Value, error);
        }
        catch (InvalidDataException exception)
        {
            error.WriteLine($"smm-dashboard: {exception.Message}");
            return 2;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException)
        {
            // An address in use, a folder that may not be written.
            error.WriteLine($"smm-dashboard: {exception.Message}");
            return 1;
        }
    }

    private static async Task<int> ServeAsync(DashboardOptions options, MeshDescription mesh, TextWriter error)
    {
        await using var app = Dashboard.Build(options, mesh, new DashboardSeams());
        await app.StartAsync();
        foreach (var address in Dashboard.Addresses(app))
            app.Logger.Listening(address, mesh.Settings.PublicUrl, mesh.Groups.Count);
        await app.WaitForShutdownAsync();
        if (app.Services.GetRequiredService<ProcessFault>().First is not { } fault)
            return 0;

        error.WriteLine($"smm-dashboard: {fault}");
        return 1;
    }
}
