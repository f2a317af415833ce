using System.Text.Json;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Firewall.Planning;
using SmmAgent.Core.Firewall.Rules;
using SmmAgent.Core.Sidecar.Planning;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Status;

namespace SmmAgent.Core.Tests;

/// <summary>The files of the agent are written and read by code that names each member, so a member can be forgotten.</summary>
public sealed class JsonMembersTests
{
    [Fact]
    public void EveryMemberOfAStatusIsWrittenAndRead() =>
        Same(FilledRecord.Create<AgentStatus>(), status => StatusJson.Read(StatusJson.Write(status)));

    [Fact]
    public void EveryMemberOfAReconcileReportIsWrittenAndRead() =>
        Same(FilledRecord.Create<ReconcileReport>(), report => ReconcileReportJson.Read(ReconcileReportJson.Write(report)));

    [Fact]
    public void EveryMemberOfASidecarSnapshotIsWrittenAndRead() =>
        Same(
            FilledRecord.Create<SidecarSnapshot>() with { WrittenAt = null },
            snapshot => SidecarSnapshotJson.Read(SidecarSnapshotJson.Write(snapshot)));

    [Fact]
    public void FolderOwnersMayBeMissingInASidecarSnapshot() =>
        Assert.Empty(SidecarSnapshot.Read(
            """
            {"version":null,"files":{},"hosts":[],"folders":[],"hasAccount":true,"tables":[],"isEnabled":true,"isRunning":false}
            """u8)!.FolderOwners);

    [Fact]
    public void EveryMemberOfAFirewallSnapshotIsWrittenAndRead()
    {
        var snapshot = FilledRecord.Create<FirewallSnapshot>();
        var copy = FirewallSnapshotJson.Read(FirewallSnapshotJson.Write(snapshot))!;

        Assert.Equal(snapshot.Zones, copy.Zones);
        // Assert.Equivalent reads a member of IPv4 addresses that throws.
        var none = new Dictionary<string, IReadOnlyList<PortOpening>>();
        Assert.Equivalent(snapshot with { Zones = none }, copy with { Zones = none }, strict: true);
    }

    [Fact]
    public void EveryMemberOfACheckReportIsWritten()
    {
        var report = FilledRecord.Create<CheckReport>();
        using var json = JsonDocument.Parse(CheckJson.Write(report));

        Assert.Equal(Members(JsonSerializer.SerializeToElement(report)), Members(json.RootElement));
    }

    private static void Same<T>(T value, Func<T, T?> copy) => Assert.Equivalent(value, copy(value), strict: true);

    // Some names are those of the first version, so only the values are compared.
    private static IEnumerable<string> Members(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => json.EnumerateObject().SelectMany(member => Members(member.Value)),
        JsonValueKind.Array => json.EnumerateArray().SelectMany(Members),
        JsonValueKind.String when json.TryGetDateTimeOffset(out var time) => [$"{time:O}"],
        _ => [json.ToString()],
    };
}
