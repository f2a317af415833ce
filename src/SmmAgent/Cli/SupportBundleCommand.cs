using System.CommandLine;
using System.Globalization;
using SmmAgent.Bundle;
using SmmAgent.Core.Redaction;
using SmmAgent.Core.Settings;
using SmmAgent.Host;
using SmmAgent.Linux.Commands;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.State;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent support-bundle</c>: collects the data for a bug report, without secrets.</summary>
internal static class SupportBundleCommand
{
    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var file = new Option<string?>("--file") { Description = "output file; default: named after host and time", HelpName = "FILE" };
        file.Validators.Add(result =>
        {
            if (result.Tokens is [{ Value.Length: 0 }, ..])
                result.AddError("--file: '' is not a file name; for example: --file bundle.tar.gz");
        });
        var command = new Command("support-bundle", "Collect a tar.gz for a bug report, secrets redacted.") { file };
        command.SetAction((parsed, cancel) => RunAsync(paths(parsed), parsed.GetValue(file), Progress.OnConsole(), TimeProvider.System, cancel));
        return command;
    }

    private static async Task<int> RunAsync(AgentPaths paths, string? file, Progress progress, TimeProvider time, CancellationToken cancel)
    {
        var name = Name(Environment.MachineName, time.GetUtcNow());
        var target = Path.GetFullPath(file ?? $"{name}.tar.gz");
        FileStream output;
        try
        {
            output = Create(target);
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            var reason = Path.Exists(target) ? "the file exists and is not overwritten" : exception.Message.TrimEnd('.');
            progress.Failed($"{target} cannot be created: {reason}; choose another file: smm-agent support-bundle --file FILE");
            return exception is UnauthorizedAccessException ? ExitCode.NotPermitted : ExitCode.Failed;
        }

        await using (output)
            return await WriteAsync(paths, name, output, progress, time, cancel);
    }

    private static FileStream Create(string target) =>
        new(target, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = AtomicFile.Private });

    private static async Task<int> WriteAsync(
        AgentPaths paths, string name, FileStream output, Progress progress, TimeProvider time, CancellationToken cancel)
    {
        using var interruption = new Interruption(() => File.Delete(output.Name));
        try
        {
            var secrets = HostSecrets.Read(paths);
            var bundle = new SupportBundle(new Redactor(secrets.Known), time);
            await bundle.WriteAsync(output, name, Parts(paths, secrets, bundle), cancel);
            Report(progress, bundle, secrets, output.Name);
            return ExitCode.Done;
        }
        catch
        {
            File.Delete(output.Name); // an incomplete bundle is useless
            throw;
        }
    }

    // A log may quote a secret. A secret that this user may not read cannot be recognised in the log.
    private static IReadOnlyList<BundlePart> Parts(AgentPaths paths, HostSecrets secrets, SupportBundle bundle)
    {
        var parts = BundleParts.All(paths, new CommandRunner());
        if (secrets.Hidden.Count == 0)
            return parts;

        foreach (var log in parts.Where(part => part.KeepEnd))
            bundle.Skip(log.Name, $"{secrets.Hidden[0]} cannot be read, so the log could not be redacted: sudo smm-agent support-bundle");
        return [.. parts.Where(part => !part.KeepEnd)];
    }

    private static void Report(Progress progress, SupportBundle bundle, HostSecrets secrets, string target)
    {
        progress.Done($"support bundle is written file={target} collected={bundle.Collected} missing={bundle.Missing}");
        if (bundle.Missing > 0)
            progress.Would("INDEX.txt in the bundle lists the missing parts and the reasons");
        foreach (var hidden in secrets.Hidden)
            progress.Warn($"{hidden} cannot be read, so the journal is omitted: sudo smm-agent support-bundle");
        progress.Warn("secrets are redacted, but the bundle contains host names and addresses: review it before you send it");
    }

    private static string Name(string host, DateTimeOffset now)
    {
        var plain = string.Concat(host.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' ? c : '-'));
        return $"smm-agent-{plain}-{now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)}";
    }
}
