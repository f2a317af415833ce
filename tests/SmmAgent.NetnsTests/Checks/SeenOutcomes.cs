using System.Collections.Concurrent;
using SmmAgent.Testbed;
using SmmAgent.NetnsTests.Checks;

[assembly: AssemblyFixture(typeof(SeenOutcomes))]

namespace SmmAgent.NetnsTests.Checks;

/// <summary>What the tests of this assembly drove the published program's checks to, held against docs/checks.md.</summary>
public sealed class SeenOutcomes : IDisposable
{
    private static readonly ConcurrentDictionary<(string Id, string Status), bool> Seen = [];

    internal static void Note(string id, string status)
    {
        Assert.DoesNotContain((id, status), CheckDocs.Outcomes[false]);
        Seen.TryAdd((id, status), true);
    }

    /// <summary>After all tests: an outcome that the page promises, and that nothing drove.</summary>
    public void Dispose()
    {
        var isWhole = !Environment.GetCommandLineArgs().Any(argument => argument.StartsWith("--filter", StringComparison.Ordinal));
        if (isWhole && Programs.Missing() is null)
            Assert.Empty(CheckDocs.Outcomes[true].Except(Seen.Keys));
    }
}
