using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using SmmAgent.Contract;
using SmmAgent.Linux.Dashboard;

namespace SmmAgent.Linux.Tests.Dashboard;

/// <summary>The agent writes and reads the same JSON as the dashboard.</summary>
public sealed class DashboardJsonTests
{
    private const string Texts = "caf\u00e9 \u2192 <>&'+\"\\ \u001b\n\u009b \U0001f600";

    private static readonly DateTimeOffset Time = new DateTimeOffset(2024, 10, 4, 1, 2, 3, 456, TimeSpan.FromHours(2)).AddTicks(7);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void ReportIsThatOfTheContract(bool isFull)
    {
        var report = new AgentReport
        {
            Host = new(Texts, "os", "amd64"),
            Address = isFull ? new("10.0.0.1", "route") : null,
            InterfaceAddresses = isFull ? ["10.0.0.1", "fd00::1"] : [],
            Versions = new("1.2.3", isFull ? "1.15" : null),
            Conditions =
            [
                new() { Type = "T", Status = "True", Reason = "R", Message = Texts, LastTransitionTime = Time },
                new() { Type = "U", Status = "False", Reason = "R", Message = "", LastTransitionTime = Time.ToUniversalTime() },
            ],
            ReportedAt = isFull ? Time : default,
            Instance = isFull ? "abc" : null,
            Detached = isFull,
        };

        Equal(DashboardJson.Write(report), report, ContractJson.Default.AgentReport);
    }

    [Fact]
    public void EveryMemberOfAReportIsWritten()
    {
        var report = FilledRecord.Create<AgentReport>();

        Equal(DashboardJson.Write(report), report, ContractJson.Default.AgentReport);
    }

    [Fact]
    public void OtherRequestsAreThoseOfTheContract()
    {
        var (token, dialBack, identity) = (new TokenRequest(Texts), new DialBackRequest([16400, 1], Texts), new DialBackIdentity(Texts));

        Equal(DashboardJson.Write(token), token, ContractJson.Default.TokenRequest);
        Equal(DashboardJson.Write(dialBack), dialBack, ContractJson.Default.DialBackRequest);
        Equal(DashboardJson.Write(identity), identity, ContractJson.Default.DialBackIdentity);
    }

    [Fact]
    public void AnswersAreThoseOfTheContract()
    {
        ReadsBack(new Problem { Status = 404, Title = Texts, Detail = "d", Code = "c", Reason = "r" },
            DashboardJson.ReadProblem, ContractJson.Default.Problem);
        ReadsBack(new(), DashboardJson.ReadProblem, ContractJson.Default.Problem);
        ReadsBack(new("t", Time), DashboardJson.ReadToken, ContractJson.Default.TokenResponse);
        ReadsBack(new("a", "connection", true, Texts), DashboardJson.ReadSeenAddress, ContractJson.Default.SeenAddress);
        ReadsBack(new("a", "connection", false), DashboardJson.ReadSeenAddress, ContractJson.Default.SeenAddress);
        ReadsBack(new() { Registered = true, Reason = "R", WorkloadEntry = "w", Healthy = "True", Message = Texts },
            DashboardJson.ReadRegistration, ContractJson.Default.Registration);

        var answer = new DialBackResponse(
            "a", "c", [new() { Port = 1, Reachable = true, LatencyMs = 2 }, new() { Port = 2, Reachable = false, Error = "refused" }]);
        var read = DashboardJson.Read(
            JsonSerializer.SerializeToUtf8Bytes(answer, ContractJson.Default.DialBackResponse), DashboardJson.ReadDialBack)!;
        Assert.Equal(answer.Results, read.Results);
        Assert.Equal(answer with { Results = read.Results }, read);
    }

    [Theory]
    [InlineData("token")]
    [InlineData("expirationTimestamp")]
    public void AnswerWithAMemberTwiceIsRefused(string name)
    {
        var text = $$"""{"token":"t","expirationTimestamp":"2024-10-04T01:00:00Z","{{name}}":"2024-10-04T01:00:00Z"}""";

        Assert.ThrowsAny<JsonException>(() => DashboardJson.Read(Encoding.UTF8.GetBytes(text), DashboardJson.ReadToken));
    }

    private static void Equal<T>(byte[] written, T value, JsonTypeInfo<T> type) =>
        Assert.Equal(JsonSerializer.Serialize(value, type), Encoding.UTF8.GetString(written));

    private static void ReadsBack<T>(T value, Func<JsonInput, T> read, JsonTypeInfo<T> type)
        where T : class =>
        Assert.Equal(value, DashboardJson.Read(JsonSerializer.SerializeToUtf8Bytes(value, type), read));
}
