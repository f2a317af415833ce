using System.Text;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Tests.Sidecar;

/// <summary>A simulated host that executes the steps of a plan, and can be observed.</summary>
internal sealed class SimulatedHost(string? version, SidecarUnit unit)
{
    public static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_000_000);

    private static readonly FoundFile SharedFolder = new(null, "root", SidecarFiles.FolderMode, Now.AddDays(-9));

    public Dictionary<string, FoundFile> Files { get; } =
        new()
        {
            ["/usr/local/bin"] = SharedFolder,
            [SidecarFiles.HostsFile] = new("127.0.0.1 localhost\n", "root", (UnixFileMode)0b110_100_100, Now.AddDays(-9))
        };

    public string? Version { get; private set; } = version;

    public SidecarUnit Unit { get; private set; } = unit;

    public TokenVerdict Token { get; set; } = TokenVerdict.Unusable;

    public bool IsCaptured { get; set; } = unit.Activity == UnitActivity.Running;

    public FoundCertificate? Certificate { get; set; }

    public SidecarFailure? Failure { get; set; }

    public bool HasAccount { get; private set; } = version is not null;

    public ObservedSidecar Observe() => new(
        Observation<InstalledSidecar>.Known(new(Version, Version is null ? null : InstalledAt)),
        SidecarFiles.Observed.ToDictionary(
            path => path, path => Observation<FoundFile>.Known(Files.GetValueOrDefault(path, FoundFile.Missing))),
        new(Token, Token.ToString(), null),
        Observation<SidecarUnit>.Known(Unit),
        IsCaptured)
    {
        Certificate = Certificate,
        Failure = Failure,
        HasAccount = HasAccount,
        Tables = IsCaptured ? ["ip nat"] : [],
    };

    public DateTimeOffset InstalledAt { get; set; } = Now.AddDays(-1);

    /// <summary>The snapshot of this host for detach and a rollback.</summary>
    public SidecarSnapshot Before() => SidecarSnapshot.From(Observe());

    /// <summary>Adds the agent's drop-in of istio.service.</summary>
    public void Protect() => Apply(new Plan([new WriteSidecarFile(SidecarFiles.DropInFile, "it is missing"), new ReloadUnits()]));

    public void Apply(Plan plan)
    {
        foreach (var step in plan.Steps)
            Apply(step);
    }

    private void LoadUnit() => Unit = Unit with { HasStartEnvironment = Files.ContainsKey(SidecarFiles.DropIn) };

    private void Apply(PlanStep step)
    {
        switch (step)
        {
            case InstallPackage install:
                (Version, InstalledAt, HasAccount) = (install.Package.Version, Now, true);
                foreach (var folder in SidecarFiles.Folders.Append(SidecarFiles.PackageFolder)
                    .Where(folder => !folder.EndsWith("/secrets", StringComparison.Ordinal)))
                    Files.TryAdd(folder, new(null, "root", SidecarFiles.FolderMode, Now));
                LoadUnit();
                break;
            case RemovePackage:
                Version = null;
                Files.Remove("/usr/local/bin");
                break;
            case RestorePackage { Version: var version }:
                Version = version;
                break;
            case RemoveAccount:
                HasAccount = false;
                break;
            case RemoveSidecarFolder { Path: var folder }:
                foreach (var path in Files.Keys.Where(path => path == folder || path.StartsWith(folder + "/", StringComparison.Ordinal))
                    .ToList())
                    Files.Remove(path);
                break;
            case RemoveTables:
                break;
            case WriteSidecarFile { File: var file, Modified: var modified }:
                Files[file.Path] = new(file.Content, file.Owner, file.Mode, modified ?? Now);
                break;
            case ReloadUnits:
                LoadUnit();
                break;
            case ProtectSidecarFile protect:
                Files[protect.Path] = Files.GetValueOrDefault(
                    protect.Path, SharedFolder) with
                { Owner = protect.User, Mode = protect.Mode };
                break;
            case MoveSidecarFile move:
                Files.Remove(move.Path, out var moved);
                Files[move.To] = moved!;
                break;
            case RemoveSidecarFile { Path: var path }:
                Files.Remove(path);
                Certificate = path == SidecarFiles.Certificate ? null : Certificate;
                break;
            case SetHosts { Lines: var lines }:
                var hosts = Files[SidecarFiles.HostsFile];
                Files[SidecarFiles.HostsFile] =
                    hosts with { Content = Encoding.Latin1.GetString(HostsBlock.Set(Encoding.Latin1.GetBytes(hosts.Content!), lines)) };
                break;
            case RenewToken:
                Token = TokenVerdict.Use;
                Files[SidecarFiles.Token] = new("token", "istio-proxy", (UnixFileMode)0b110_000_000, Now);
                break;
            case EnableSidecar { AtBoot: var atBoot }:
                Unit = Unit with { IsEnabled = atBoot };
                break;
            case StartSidecar or RestartSidecar:
                Unit = Unit with { Activity = UnitActivity.Running, IsReady = true, Since = Now.AddSeconds(1) };
                IsCaptured = true;
                break;
            case StopSidecar:
                Unit = Unit with { Activity = UnitActivity.Stopped, IsReady = false, Since = null };
                break;
            case RemoveCapture:
                IsCaptured = false;
                break;
            default:
                throw new InvalidOperationException($"the simulated host does not know {step}");
        }
    }
}
