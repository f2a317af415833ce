using System.Diagnostics;
using CsCheck;
using SmmAgent.Contract;

namespace SmmAgent.Core.Tests.Packages;

/// <summary>The order of versions, compared with the order of the programs that install them.</summary>
public sealed class PackageVersionTests
{
    private static readonly Gen<string> Part = Gen.OneOf(
        Any("0", "00", "1", "01", "9", "10", "100", "a", "b", "A", "rc", "beta", ".", "..", "+", "~", "~~", "~rc1", ".el9", "dfsg",
            "99999999999999999999999"),
        Gen.Int[0, 30].Select(number => $"{number}"));

    private static readonly Gen<string> Parts = Part.Array[0, 2].Select(string.Concat);

    private static readonly Gen<string> Epoch = Any("", "", "", "0:", "1:");

    private static readonly Gen<string> Revision = Any("", "", "-1", "-2", "-1.el9", "-0", "-1~bpo12+1");

    // The versions have a common prefix: others already differ at their first character.
    private static Gen<(string A, string B)> Pairs(Gen<string> end) => Gen.Select(
        Gen.Select(Gen.Int[0, 20], Parts, (first, parts) => first + parts), Gen.Select(Epoch, Parts, end), Gen.Select(Epoch, Parts, end),
        (start, a, b) => (a.Item1 + start + a.Item2 + a.Item3, b.Item1 + start + b.Item2 + b.Item3));

    [Fact]
    public void DebianVersionsAreOrderedAsByDpkg() => Pairs(Revision).Sample(
        pair => Dpkg(pair.A, PackageFormat.Deb.Compare(pair.A, pair.B) switch { < 0 => "lt", 0 => "eq", > 0 => "gt" }, pair.B),
        iter: 1000,
        threads: 2);

    [Fact]
    public void RpmVersionsAreOrderedAsByRpm()
    {
        var end = Gen.Select(Any("", "", "^", "^1", "^git2", "~^"), Revision, (caret, revision) => caret + revision);
        Pairs(end).Array[200].Sample(
            pairs =>
            {
                var script = string.Join(';', pairs.Select(pair => $"print(rpm.vercmp('{pair.A}','{pair.B}') .. ' ')"));
                var orders = Run("rpm", "--eval", $"%{{lua: {script}}}").Output.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries)
                    .Select(int.Parse);
                return orders.SequenceEqual(pairs.Select(pair => Math.Sign(PackageFormat.Rpm.Compare(pair.A, pair.B))));
            },
            iter: 20,
            threads: 1);
    }

    [Theory]
    [InlineData("1.15.3", "1.15.3-1", 0)]
    [InlineData("1.15.3-2", "1.15.3-1", 1)]
    [InlineData("1.15.10", "1.15.9-1", 1)]
    [InlineData("1.15.3~rc1", "1.15.3-1", -1)]
    public void OfferWithoutARevisionMeansAnyRevision(string offered, string installed, int order)
    {
        Assert.Equal(order, Math.Sign(PackageFormat.Deb.CompareOffer(offered, installed)));
        Assert.Equal(order, Math.Sign(PackageFormat.Rpm.CompareOffer(offered, installed)));
    }

    private static Gen<string> Any(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);

    private static bool Dpkg(string a, string relation, string b) => Run("dpkg", "--compare-versions", a, relation, b).ExitCode == 0;

    private static (int ExitCode, string Output) Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output);
    }
}
