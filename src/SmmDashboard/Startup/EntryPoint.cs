using SmmAgent.Contract;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Hosting;
using SmmDashboard.Kubernetes.Api;

namespace SmmDashboard.Startup;

/// <summary>Runs the process from the command line to the exit code: 0 stopped, 1 failed, 2 wrong usage or an invalid file.</summary>
public static class EntryPoint
{
    public static async Task<int> MainAsync(string[] args, TextWriter error, TextWriter? output = null)
    {
        if (new CommandLine().Parse(args, error, out var exitCode, output) is not { } options)
            return exitCode;

        MeshDescription? mesh = null;
        if (options.Kubernetes is null)
        {
            mesh = ReadMesh(options.Mesh, error);
            if (mesh is null)
                return 2;
        }

        try
        {
            return await ServeAsync(options, mesh, error);
        }
        catch (ApiSettingsException exception)
        {
            error.WriteLine($"smm-dashboard: {exception.Message}");
            return 2;
        }
        catch (InvalidDataException exception)
        {
            error.WriteLine($"smm-dashboard: {exception.Message}");
            return 2;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException)
        {
            // For example an address in use or a folder without write permission.
            error.WriteLine($"smm-dashboard: {exception.Message}");
            return 1;
        }
    }

    private static MeshDescription? ReadMesh(string path, TextWriter error)
    {
        var content = new MeshFile(path).Load();
        var mesh = content.Value is { } bytes ? MeshFile.Read(bytes) : ReadResult<MeshDescription>.Refused(content.Errors);
        foreach (var fault in mesh.Errors)
            error.WriteLine($"smm-dashboard: {path}: {fault}");
        return mesh.Value;
    }

    private static async Task<int> ServeAsync(DashboardOptions options, MeshDescription? mesh, TextWriter error)
    {
        await using var app = Dashboard.Build(options, mesh, new DashboardTestHooks());
        await app.StartAsync();
        foreach (var address in Dashboard.Addresses(app))
            app.Logger.Listening(address, options.Kubernetes?.PublicUrl ?? mesh!.Settings.PublicUrl);
        await app.WaitForShutdownAsync();
        if (app.Services.GetRequiredService<BackgroundFailure>().First is not { } fault)
            return 0;

        error.WriteLine($"smm-dashboard: {fault}");
        return 1;
    }
}
