using System.Globalization;
using SmmAgent.Core.Redaction;
using SmmAgent.Core.Settings;
using SmmAgent.Host;
using SmmAgent.Linux.Files;
using SmmAgent.Linux.State;

namespace SmmAgent.Bundle;

/// <summary>Writes a support bundle into a new file that only its owner may read, and reports the result.</summary>
internal sealed class BundleFile(AgentPaths paths, IReadOnlyList<BundlePart> parts, Progress progress, TimeProvider time)
{
    private const string OtherFile = "choose another file: smm-agent support-bundle --file FILE";

    /// <summary>What was written; null for nothing.</summary>
    public (string File, int Collected, int Missing)? Written { get; private set; }

    /// <param name="file">The file to create; null for one in the working directory that is named after host and time.</param>
    /// <returns>An exit code.</returns>
    public async Task<int> WriteAsync(string? file, CancellationToken cancel)
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
            var reason = Path.Exists(target) ? "the file exists and is not overwritten" : FileErrors.Reason(exception);
            progress.Failed($"{target} cannot be created: {reason}; {OtherFile}");
            return exception is UnauthorizedAccessException ? ExitCode.NotPermitted : ExitCode.Failed;
        }

        return await WriteAsync(output, name, cancel);
    }

    private static FileStream Create(string target) =>
        new(target, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = AtomicFile.Private });

    private async Task<int> WriteAsync(FileStream output, string name, CancellationToken cancel)
    {
        var isComplete = false;
        using var interruption = new Interruption(() => File.Delete(output.Name));
        try
        {
            var secrets = HostSecrets.Read(paths);
            var bundle = new SupportBundle(new Redactor(secrets.Known), time);
            await using (output)
                await bundle.WriteAsync(output, name, Redactable(bundle, secrets), cancel);
            isComplete = true;
            Report(bundle, secrets, output.Name);
            return ExitCode.Done;
        }
        catch (IOException exception)
        {
            progress.Failed($"{output.Name} cannot be written: {FileErrors.Reason(exception)}; {OtherFile}");
            return ExitCode.Failed;
        }
        finally
        {
            if (!isComplete)
                File.Delete(output.Name); // an incomplete bundle is useless
        }
    }

    // A log may quote a secret. A secret that this user may not read cannot be recognised in the log.
    private IReadOnlyList<BundlePart> Redactable(SupportBundle bundle, HostSecrets secrets)
    {
        if (secrets.Hidden.Count == 0)
            return parts;

        foreach (var log in parts.Where(part => part.KeepEnd))
            bundle.Skip(log.Name, $"{secrets.Hidden[0]} cannot be read, so the log could not be redacted: sudo smm-agent support-bundle");
        return parts.Where(part => !part.KeepEnd).ToArray();
    }

    private void Report(SupportBundle bundle, HostSecrets secrets, string target)
    {
        Written = (target, bundle.Collected, bundle.Missing);
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
