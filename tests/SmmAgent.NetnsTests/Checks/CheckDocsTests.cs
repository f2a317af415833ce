using SmmAgent.Testbed;

namespace SmmAgent.NetnsTests.Checks;

/// <summary>docs/checks.md against the program's own report; which outcomes there are, <see cref="SeenOutcomes"/> sees.</summary>
public sealed class CheckDocsTests(BedFixture fixture) : IClassFixture<BedFixture>
{
    [Fact]
    public async Task EveryCheckIsDocumentedInItsGroupAndInTheOrderOfTheReport()
    {
        await using var agent = new VmAgent(fixture.Bed);

        var reported = CheckReportReader.By(agent).Json["checks"]!.AsArray();

        Assert.Equal(
            reported.Select(check => ((string)check!["group"]!, (string)check["id"]!, (string)check["title"]!)),
            CheckDocs.Rows.Select(row => (row.Group.ToLowerInvariant().Replace(' ', '-'), row.Id, row.Title)));
    }

    [Fact]
    public void EveryOutcomeIsDocumentedWithItsCauseOrAReason()
    {
        Assert.All(CheckDocs.Rows,
            row => Assert.All(row.Outcomes.Values,
                text => Assert.True(text.Replace(CheckDocs.Never, "", StringComparison.Ordinal).Length > 3, row.Id)));
        // A check that could not pass, or could only pass, would be none.
        Assert.All(CheckDocs.Rows, row => Assert.Contains((row.Id, "pass"), CheckDocs.Outcomes[true]));
        Assert.All(CheckDocs.Rows,
            row => Assert.Contains(CheckDocs.Outcomes[true], outcome => outcome.Id == row.Id && outcome.Status is "warn" or "fail"));
    }
}
