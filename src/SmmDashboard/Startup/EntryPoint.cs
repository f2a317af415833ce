using System.Net;
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
        try
        {
            return await RunAsync(args, error, output);
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            // Only a bug is not reported before. Its trace is needed to find it.
            await error.WriteLineAsync(
                $"smm-dashboard: {exception.GetType().Name}: {OneLine.ReplaceUnprintable(exception.Message)}: this is a bug in "
                + $"smm-dashboard; please report it with these lines\n{exception.StackTrace}");
            return 1;
        }
    }

    private static async Task<int> RunAsync(string[] args, TextWriter error, TextWriter? output)
    {
        if (new CommandLine().Parse(args, error, out var exitCode, output) is not { } options)
            return exitCode;
        if (StartupFiles.Validate(options) is { Count: > 0 } faults)
        {
            foreach (var fault in faults)
                await error.WriteLineAsync($"smm-dashboard: {OneLine.ReplaceUnprintable(fault)}");
            return 2;
        }

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
        catch (Exception exception) when (exception is ApiSettingsException or InvalidDataException)
        {
            await error.WriteLineAsync($"smm-dashboard: {OneLine.ReplaceUnprintable(exception.Message)}");
            return 2;
        }
        catch (ListenException exception)
        {
            await error.WriteLineAsync($"smm-dashboard: {Option(options, exception.Endpoint)} {exception.Message}");
            return 1;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException)
        {
            // For example a folder without write permission.
            await error.WriteLineAsync($"smm-dashboard: {OneLine.ReplaceUnprintable(FileReason.Describe(exception))}");
            return 1;
        }
    }

    private static MeshDescription? ReadMesh(string path, TextWriter error)
    {
        var content = new MeshFile(path).Load();
        if (content.Value is not { } bytes)
        {
            foreach (var fault in content.Errors)
                error.WriteLine($"smm-dashboard: {OptionFile.Format("--mesh", path, $"{fault}; {MeshFile.Advice}")}");
            return null;
        }

        var mesh = MeshFile.Read(bytes);
        foreach (var fault in mesh.Errors)
            error.WriteLine($"smm-dashboard: {OneLine.ReplaceUnprintable($"{path}: {fault}")}");
        if (mesh.Errors.Count > 0)
            error.WriteLine($"see: smm-dashboard check --mesh {OneLine.ReplaceUnprintable(path)}");
        return mesh.Value;
    }

    private static string Option(DashboardOptions options, EndPoint endpoint) =>
        endpoint.Equals(options.Status) ? "--status"
        : endpoint.Equals(options.Admin?.Address) ? "--admin"
        : endpoint.Equals(options.Registration) ? "--registration"
        : "--listen";

    private static async Task<int> ServeAsync(DashboardOptions options, MeshDescription? mesh, TextWriter error)
    {
        await using var app = Dashboard.Build(options, mesh, new DashboardTestHooks());
        try
        {
            await app.StartAsync();
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            return 0; // a signal before the start was complete
        }

        foreach (var address in Dashboard.Addresses(app))
            app.Logger.Listening(address, options.Kubernetes?.PublicUrl ?? mesh!.Settings.PublicUrl);
        await app.WaitForShutdownAsync();
        if (app.Services.GetRequiredService<BackgroundFailure>().First is not { } fault)
            return 0;

        error.WriteLine($"smm-dashboard: {fault}");
        return 1;
    }
}
