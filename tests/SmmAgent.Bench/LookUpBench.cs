using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using SmmDashboard.Access;
using SmmDashboard.Embedded.Mesh;
using SmmDashboard.Embedded.Tokens;
using SmmDashboard.Groups;
using SmmDashboard.Hosting;

namespace SmmAgent.Bench;

/// <summary>
/// What the embedded dashboard does for a request and for an edit, in this process and at two sizes. The shortest of several runs counts,
/// so that other work on the machine changes the figures little.
/// </summary>
internal static class LookUpBench
{
    // After the first ones, the code is compiled.
    private const int Runs = 40;
    private const int LookUps = 1_000;

    public static async Task RunAsync(Report report, bool isQuick)
    {
        var (few, many) = isQuick ? (300, 3_000) : (2_000, 20_000);
        EntriesBench.Run(report, few, many);
        await MeasureAsync(100);
        var (small, large) = (await MeasureAsync(100), await MeasureAsync(1_000));
        report.Beside("look-up of a bearer token, 1,000 groups beside 100", large.LookUp, small.LookUp, "µs", "ratio 2 or less");
        report.Beside("edit of one group in mesh.yaml, 1,000 groups beside 100", large.Edit, small.Edit, "ms", "ratio 10 or less");
        report.Beside("groups whose agents the edit wakes, 1,000 beside 100", large.Woken, small.Woken, "groups", "1");
    }

    private static async Task<(double LookUp, double Edit, int Woken)> MeasureAsync(int groups)
    {
        var folder = Directory.CreateTempSubdirectory("smm-bench-").FullName;
        try
        {
            var file = new MeshFile(Path.Combine(folder, "mesh.yaml"));
            Write(file, groups, edited: 0);
            var settings = new MeshSettings("http://127.0.0.1");
            var served = new CurrentMesh(settings);
            var description = new CurrentMeshDescription(
                new MeshDescription
                {
                    Settings = settings,
                    ClusterRanges = [],
                    Groups = new Dictionary<GroupId, ServedGroup>(),
                    TokenSha256s = new Dictionary<GroupId, IReadOnlyList<byte[]>>(),
                    Warnings = [],
                },
                served);
            using var watcher = new MeshWatcher(
                file, description, TimeProvider.System, NullLogger<MeshWatcher>.Instance, new BackgroundFailure(null!));
            if (!watcher.Reload())
                throw new InvalidOperationException(string.Join('\n', watcher.Faults));

            var lookUp = await LookUpAsync(new HashedTokenValidator(description), groups);
            var (edit, woken) = (double.MaxValue, 0);
            for (var run = 1; run <= Runs; run++)
            {
                var before = Snapshots(served, groups);
                Write(file, groups, edited: run);
                var watch = Stopwatch.StartNew();
                if (!watcher.Reload())
                    throw new InvalidOperationException("the edit was not read");
                edit = Math.Min(edit, watch.Elapsed.TotalMilliseconds);
                woken = Snapshots(served, groups).Zip(before).Count(pair => !ReferenceEquals(pair.First, pair.Second));
            }

            return (lookUp, edit, woken);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<double> LookUpAsync(HashedTokenValidator validator, int groups)
    {
        var token = new PresentedToken(Token(groups / 2));
        var best = double.MaxValue;
        for (var run = 0; run < Runs; run++)
        {
            var watch = Stopwatch.StartNew();
            for (var i = 0; i < LookUps; i++)
            {
                if (await validator.ValidateAsync(token, CancellationToken.None) is not TokenValidation.Accepted)
                    throw new InvalidOperationException("the token is unknown");
            }

            best = Math.Min(best, watch.Elapsed.TotalMicroseconds / LookUps);
        }

        return best;
    }

    private static GroupSnapshot?[] Snapshots(CurrentMesh served, int groups) =>
        [.. Enumerable.Range(0, groups).Select(group => served.Find(new GroupId("bench", $"group-{group}")))];

    private static string Token(int group) => string.Create(CultureInfo.InvariantCulture, $"token-of-group-{group}");

    private static void Write(MeshFile file, int groups, int edited)
    {
        var text = new StringBuilder("""
            publicUrl: http://127.0.0.1
            clusterRanges: [10.244.0.0/16]
            mesh:
              meshId: mesh1
              trustDomain: cluster.local
              clusterId: bench
              network: network1
              networks: [network1]
              status: Available
              istioVersion: 1.15.3
              istioRevision: cp-v115x
              istioNamespace: istio-system
              rootCertificate: |

            """);
        text.Append("    ").Append(Certificate.Value.ReplaceLineEndings("\n    ")).Append("\nmeshExpansionGateways: []\ngroups:\n");
        for (var group = 0; group < groups; group++)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"- {{ namespace: bench, name: group-{group}, serviceAccount: default, network: vm-network-1, "
                + $"ports: {{ http: {(group == groups / 2 ? 8080 + edited : 8080)} }}, "
                + $"tokenSha256s: [{Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Token(group))))}] }}\n");
        }

        File.WriteAllText(file.Path, text.ToString());
    }

    private static readonly Lazy<string> Certificate = new(() =>
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new System.Security.Cryptography.X509Certificates.CertificateRequest("CN=bench", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new System.Security.Cryptography.X509Certificates.X509BasicConstraintsExtension(true, false, 0, critical: true));
        var now = TimeProvider.System.GetUtcNow();
        using var made = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(30));
        return made.ExportCertificatePem();
    });
}
