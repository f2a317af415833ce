using System.Reflection;
using System.Text.RegularExpressions;
using SmmAgent.Cli.Output;
using SmmAgent.Contract;
using SmmAgent.Core.Address;
using SmmAgent.Core.Conditions;
using SmmAgent.Core.Firewall.Diagnosis;
using SmmAgent.Core.Mesh;
using SmmAgent.Core.Packages;
using SmmAgent.Core.Reachability;
using SmmAgent.Core.Sidecar.Status;
using SmmAgent.Core.Tokens;
using SmmAgent.Host;
using SmmAgent.Linux.Dashboard;

namespace SmmAgent.Tests.Docs;

/// <summary>docs/conditions.md names every reason that the source can give a condition, and no other.</summary>
public sealed partial class ConditionDocsTests
{
    // The constants of these classes are reasons, except the names of address sources.
    private static readonly Type[] ReasonClasses =
    [
        typeof(ConditionUpdate), typeof(FailureReasons), typeof(AddressDecision), typeof(ReachabilityConditions), typeof(ClusterViewRules),
        typeof(RegistrationReasons), typeof(PortsDiagnosis), typeof(OwnTraffic), typeof(ConfigurationFault), typeof(TokenFacts),
        typeof(SidecarReasons), typeof(DetachReport),
    ];

    // Statuses that a WorkloadEntry may have, not reasons.
    private static readonly string[] NoReasons = ["True", "False"];

    [Fact]
    public void EveryReasonIsDocumented() => Assert.Empty(Given().Except(Documented().Select(row => row.Reason)));

    [Fact]
    public void EveryReasonIsExplained() => Assert.All(
        Given(), reason => Assert.NotNull(ExplainText.Explain(ConditionReference.BuiltIn, reason, new OutputStyle())));

    [Fact]
    public void EveryDocumentedReasonExists() => Assert.Empty(Documented().Select(row => row.Reason).Except(Given()));

    [Fact]
    public void EveryConditionHasItsSectionInOrder() =>
        Assert.Equal(ConditionType.All,
            Lines().Where(line => line.StartsWith("## ", StringComparison.Ordinal)).Skip(1).Select(line => line[3..]));

    [Fact]
    public void EveryReasonHasOneRowWithAStatusAMeaningAndAFix()
    {
        string[] statuses = ["True", "False", "Unknown", "False, Unknown"];
        var rows = Documented();

        Assert.All(rows, row => Assert.Contains(row.Status, statuses));
        Assert.All(rows, row => Assert.True(row.Meaning.Length > 0 && row.Fix.Length > 0, row.Reason));
        Assert.Equal(rows.Count, rows.DistinctBy(row => (row.Section, row.Reason)).Count());
    }

    [Fact]
    public void ScanFindsEveryWayToGiveAReason()
    {
        var given = Given();

        Assert.Contains("NotAsked", given); // an argument of ConditionUpdate.Unknown
        Assert.Contains("WrongHost", given); // an arm of a switch
        Assert.Contains("NotSeen", given); // one side of a conditional expression
        Assert.Contains("NoPorts", given); // an argument of a method that creates updates
        Assert.Contains("Current", given); // a constant
        Assert.Contains("NoSuchName", given); // the name of an outcome
        Assert.Contains("WrongChecksum", given); // a failure of a package
    }

    /// <summary>
    /// The CamelCase words in quotes in every file that creates a condition, the constants, and the names of outcomes and of failures of
    /// packages.
    /// </summary>
    private static HashSet<string> Given()
    {
        var words = Directory.EnumerateFiles(Path.Combine(Root(), "src"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .Select(file => string.Join(
                '\n', File.ReadLines(file).Where(line => !line.TrimStart().StartsWith("//", StringComparison.Ordinal))))
            .Where(source => CreatesCondition().IsMatch(source))
            .SelectMany(source => Word().Matches(source).Concat(Constant().Matches(source)))
            .Select(match => match.Groups[1].Value);
        var constants = ReasonClasses
            .SelectMany(type => type.GetFields(BindingFlags.Public | BindingFlags.Static))
            .Where(field => field.IsLiteral)
            .Select(field => (string)field.GetRawConstantValue()!)
            .Where(value => char.IsAsciiLetterUpper(value[0]));
        var outcomes = Enum.GetValues<Outcome>().Select(outcome => outcome.Reason());
        // A removal that fails is never in a condition.
        var packages = Enum.GetValues<PackageFailureReason>().Except([PackageFailureReason.StillNeeded]).Select(fault => $"{fault}");
        return [.. words.Concat(constants).Concat(outcomes).Concat(packages).Except(NoReasons)];
    }

    private static List<Row> Documented()
    {
        var rows = new List<Row>();
        var section = "";
        foreach (var line in Lines())
        {
            if (line.StartsWith('#'))
                section = line.TrimStart('#', ' ');
            if (line.StartsWith("| ", StringComparison.Ordinal)
                && line.Split('|', StringSplitOptions.TrimEntries)
                is [_, var status, ['`', .. var reason, '`'], var meaning, .. var fix, _])
                rows.Add(new Row(section, status, reason, meaning, string.Join('|', fix)));
        }

        return rows;
    }

    private static string[] Lines() => File.ReadAllLines(Path.Combine(Root(), "docs", "conditions.md"));

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "SmmAgent.sln")))
            folder = folder.Parent ?? throw new InvalidOperationException("SmmAgent.sln was not found above the tests");
        return folder.FullName;
    }

    [GeneratedRegex(@"\bConditionUpdate\.(True|False|Unknown)\(|\bnew ConditionUpdate\(")]
    private static partial Regex CreatesCondition();

    [GeneratedRegex("(?<!\\$)\"([A-Z][a-z]+(?:[A-Z][a-z]+)*)\"")]
    private static partial Regex Word();

    [GeneratedRegex("const string \\w+Reason = \"(\\w+)\"")]
    private static partial Regex Constant();

    private sealed record Row(string Section, string Status, string Reason, string Meaning, string Fix);
}
