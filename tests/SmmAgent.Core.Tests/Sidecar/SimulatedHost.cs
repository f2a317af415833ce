using System.Text;
using SmmAgent.Core.Planning;
using SmmAgent.Core.Sidecar;

namespace SmmAgent.Core.Tests.Sidecar;

/// <summary>A host that does what the steps of a plan say, and shows itself.</summary>
internal sealed class SimulatedHost(string? version, SidecarUnit unit)
{
    public static readonly DateTimeOffset Now = DateTimeOffset.FromUnixTimeSeconds(1_000_000);

    public Dictionary<string, FoundFile> Files { get; } = new() { [SidecarFiles.HostsFile] = new("127.0.0.1 localhost\n", "root", (UnixFileMode)0b110_100_100, Now.AddDays(-9)) };

    public string? Version { get; private set; } = version;

    public SidecarUnit Unit { get; private set; } = unit;

    public TokenVerdict Token { get; set; } = TokenVerdict.Unusable;

    public bool IsCaptured { get; set; } = unit.Activity == UnitActivity.Running;

    public ObservedSidecar Observe() => new(
        Observation<InstalledSidecar>.Known(new(Version)),
        SidecarPaths.ToDictionary(path => path, path => Observation<FoundFile>.Known(Files.GetValueOrDefault(path, FoundFile.Missing))),
        new(Token, Token.ToString(), null),
        Observation<SidecarUnit>.Known(Unit),
        IsCaptured);

    public void Apply(Plan plan)
    {
        foreach (var step in plan.Steps)
            Apply(step);
    }

    private static string[] SidecarPaths =>
        [SidecarFiles.ClusterEnvironment, SidecarFiles.MeshFile, SidecarFiles.RootCertificate, SidecarFiles.Token, SidecarFiles.HostsFile];

    private void Apply(PlanStep step)
    {
        switch (step)
        {
            case InstallPackage install:
                Version = install.Package.Version;
                break;
            case WriteSidecarFile { File: var file }:
                Files[file.Path] = new(file.Content, file.Owner, file.Mode, Now);
                break;
            case ProtectSidecarFile { File: var file }:
                Files[file.Path] = Files[file.Path] with { Owner = file.Owner, Mode = file.Mode };
                break;
            case RemoveSidecarFile { Path: var path }:
                Files.Remove(path);
                break;
            case SetHosts { Lines: var lines }:
                var hosts = Files[SidecarFiles.HostsFile];
                Files[SidecarFiles.HostsFile] = hosts with { Content = Encoding.Latin1.GetString(HostsBlock.Set(Encoding.Latin1.GetBytes(hosts.Content!), lines)) };
                break;
            case RenewToken:
                Token = TokenVerdict.Use;
                Files[SidecarFiles.Token] = new("token", "istio-proxy", (UnixFileMode)0b110_000_000, Now);
                break;
            case EnableSidecar { AtBoot: var atBoot }:
                Unit = Unit with { IsEnabled = atBoot };
                break;
            case StartSidecar or RestartSidecar:
                Unit = Unit with { Activity = UnitActivity.Running, IsReady = true, Since = Now.AddSeconds(1), Version = Version };
                IsCaptured = true;
                break;
            case StopSidecar:
                Unit = Unit with { Activity = UnitActivity.Stopped, IsReady = false, Since = null, Version = null };
                break;
            case RemoveCapture:
                IsCaptured = false;
                break;
            default:
                throw new InvalidOperationException($"the simulated host does not know {step}");
        }
    }
}
