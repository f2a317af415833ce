using SmmAgent.Core.Settings;
using SmmAgent.Core.Sidecar;
using SmmAgent.Linux.Sidecar;

namespace SmmAgent.Linux.Tests.Sidecar;

public sealed class SidecarRecordsTests : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("smm-agent-test-");

    public void Dispose() => _root.Delete(recursive: true);

    [Fact]
    public void WhateverTheSidecarFillsItsFilesWithIsReadAgain()
    {
        FoundFile full = new(new string('\u0001', 2 * 1024 * 1024), "istio-proxy", SidecarFiles.Private, DateTimeOffset.UnixEpoch);
        SidecarBefore before = new()
        {
            Version = "1.15.3",
            Files = new[] { SidecarFiles.ClusterEnvironment, SidecarFiles.MeshFile, SidecarFiles.RootCertificate }.ToDictionary(path => path, _ => full),
            Hosts = [],
            Folders = [],
            HasAccount = true,
            Tables = [],
            IsEnabled = true,
            IsRunning = true,
        };
        var records = new SidecarRecords(new AgentPaths(_root.FullName));

        records.BeginConfirm(before);

        Assert.Equal(before.Files, records.BeforeConfirm!.Files);
    }
}
