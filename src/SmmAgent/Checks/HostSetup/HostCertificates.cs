using System.Security.Cryptography.X509Certificates;
using SmmAgent.Checks.Observations;
using SmmAgent.Contract;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Host;
using SmmAgent.Core.Reachability;

namespace SmmAgent.Checks.HostSetup;

/// <summary>Checks that the certificates of dashboard, gateways and mesh are valid by the VM's clock.</summary>
internal sealed class HostCertificates() : Check("host-certificates", CheckGroup.Host, "Certificates")
{
    public override async Task<IReadOnlyList<CheckLine>> RunAsync(CheckContext context, CancellationToken cancel)
    {
        if (context.Settings.SkipLine is { } obstacle)
            return [obstacle];

        var results = (await context.Dashboard).Results.Concat((await context.Gateways).Results);
        var roots = (await context.Mesh).Config is { } config ? Roots(config) : [];
        var lives = results.Select(result => result.Certificate).OfType<CertificateLife>().Concat(roots).Distinct().ToList();
        var now = context.Time.GetUtcNow();
        var lines = lives.Select(life => Line(life, now)).OfType<CheckLine>().ToArray();
        return lines.Length > 0 ? lines
            : lives.Count > 0 ? [CheckLine.Pass($"all {lives.Count} observed certificates are valid")]
            : [CheckLine.Skipped("no certificate was observed")];
    }

    private static CheckLine? Line(CertificateLife life, DateTimeOffset now) =>
        life.NotBefore > now ? CheckLine.Fail(
            $"'{life.Subject}' is not valid before {TimeText.Format(life.NotBefore)}: this VM's clock is behind", ClockOffset.Advice)
        : life.NotAfter < now ? CheckLine.Fail(
            $"'{life.Subject}' expired at {TimeText.Format(life.NotAfter)}, or this VM's clock is ahead", "renew it in the cluster")
        : life.EndsSoon(now) ? CheckLine.Warn($"'{life.Subject}' expires at {TimeText.Format(life.NotAfter)}", "check its renewal")
        : null;

    private static IEnumerable<CertificateLife> Roots(MeshConfig config)
    {
        var roots = new X509Certificate2Collection();
        roots.ImportFromPem(config.Mesh.RootCertificate); // the reader of the contract has parsed it before
        foreach (var root in roots)
        {
            using (root)
                yield return new(NameRules.Shown(root.Subject), root.NotBefore.ToUniversalTime(), root.NotAfter.ToUniversalTime());
        }
    }
}
