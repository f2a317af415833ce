using System.Reflection;
using System.Text;

namespace SmmAgent.Tests.Records;

/// <summary>
/// src/SmmAgent/records.xml removes the text that the compiler synthesizes for each record from the agent's binary, so no record may need
/// it. A record that is formatted has its own ToString.
/// </summary>
public sealed class RecordTextTests
{
    private static readonly string[] Assemblies = ["SmmAgent.Contract", "SmmAgent.Core", "SmmAgent.Linux", "smm-agent"];

    // The first two format enumerations. CallSchedule only compares what it gets.
    private static readonly string[] Exceptions =
    [
        "SmmAgent.Contract.EnumTexts`1::Text",
        "SmmAgent.Core.Settings.SettingsTable::Word",
        "SmmAgent.Daemon.Report.ReportService/<AskDialBackAsync>",
    ];

    private static readonly string Listing = Repository.PathOf("src", "SmmAgent", "records.xml");

    private static readonly RecordTexts Texts = new(Assemblies.Select(name => Path.Combine(AppContext.BaseDirectory, name + ".dll")));

    [Fact]
    public void TheFileListsTheRecordsWithoutAnOwnText()
    {
        var text = Write();
        if (Environment.GetEnvironmentVariable("SMM_GOLDEN") == "write")
            File.WriteAllText(Listing, text);

        Assert.Equal(
            text, File.Exists(Listing) ? File.ReadAllText(Listing)
                : $"there is no {Listing}: run the test once with SMM_GOLDEN=write");
    }

    [Fact]
    public void NoRecordIsFormattedWithoutAnOwnText() =>
        Assert.Equal("", string.Join(
            '\n', Texts.Uses.Where(use => !Exceptions.Any(exception => use.StartsWith(exception, StringComparison.Ordinal)))));

    [Fact]
    public void EachWayToFormatARecordIsFound()
    {
        var uses = new RecordTexts([typeof(RecordTextTests).Assembly.Location]).Uses;

        Assert.Equal(
            typeof(RecordSamples).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly)
                .Select(method => method.Name).Order(StringComparer.Ordinal),
            uses.Where(use => use.StartsWith(typeof(RecordSamples).FullName + "::", StringComparison.Ordinal))
                .Select(use => use.Split("::")[1].Split(':')[0]).Distinct().Order(StringComparer.Ordinal));
    }

    private string Write()
    {
        var text = new StringBuilder("""
            <!--
              The texts (ToString) that the C# compiler synthesizes for records. The agent formats none of these records: RecordTextTests
              verifies it, and writes this file with SMM_GOLDEN=write. A call would throw, because only methods that return a number or
              nothing can have an empty body.
            -->
            <linker>

            """);
        foreach (var (assembly, types) in Texts.Records)
        {
            text.Append($"  <assembly fullname=\"{assembly}\">\n");
            foreach (var type in types)
            {
                text.Append($"    <type fullname=\"{type}\">\n");
                text.Append("      <method signature=\"System.String ToString()\" body=\"remove\" />\n    </type>\n");
            }

            text.Append("  </assembly>\n");
        }

        return text.Append("</linker>\n").ToString();
    }
}
