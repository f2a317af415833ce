using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.OpenApi;

public sealed class OpenApiTests
{
    private static readonly OpenApiDocument Document = OpenApiDocument.Load();

    public static TheoryData<string, int> Responses()
    {
        var data = new TheoryData<string, int>();
        foreach (var (operation, status) in Document.Responses())
            data.Add(operation, status);
        return data;
    }

    [Theory]
    [MemberData(nameof(Responses))]
    public async Task ResponsesMatchDocument(string operationId, int status)
    {
        var answer = await Scenario.PlayAsync(operationId, status);
        var response = Document.Response(operationId, status);
        Assert.True(status == (int)answer.Status, $"{(int)answer.Status} instead of {status}: {answer.Text}");
        if (response.TryGetProperty("headers", out var headers))
        {
            foreach (var header in headers.EnumerateObject().Where(header => header.Value.TryGetProperty("required", out var required)
                && required.GetBoolean()))
                Assert.True(answer.Headers.ContainsKey(header.Name), $"the header {header.Name} is missing");
        }

        if (!response.TryGetProperty("content", out var content))
        {
            Assert.Empty(answer.Content);
            return;
        }

        var media = Assert.Single(content.EnumerateObject());
        Assert.Equal(media.Name, answer.MediaType);
        if (media.Name.EndsWith("json", StringComparison.Ordinal))
            Document.Check(answer.Json, media.Value.GetProperty("schema"), "body");
        if (media.Name == "application/problem+json")
            Assert.Contains($"`{answer.Code}`", response.GetProperty("description").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReasonOfRefusedTokenIsOptionalAndDocumented()
    {
        var problem = Document.Resolve(
            Document.Response("getMeshConfig", 401).GetProperty("content").GetProperty("application/problem+json").GetProperty("schema"));
        var answer = await Scenario.PlayAsync("getMeshConfig", 401);
        var reason = answer.Json.GetProperty("reason").GetString();

        Assert.Contains($"`{reason}`", problem.GetProperty("properties").GetProperty("reason").GetProperty("description").GetString(),
            StringComparison.Ordinal);
        Assert.DoesNotContain("reason", problem.GetProperty("required").EnumerateArray().Select(name => name.GetString()));
    }

    [Fact]
    public async Task RoutesAndDocumentedOperationsMatch()
    {
        await using var dashboard = await RunningDashboard.StartAsync();
        var routes =
            from endpoint in dashboard.App.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints)
                .OfType<RouteEndpoint>()
            from method in endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods
            select $"{method} {endpoint.RoutePattern.RawText}";
        var documented = Document.Operations().Select(operation => $"{operation.Method} {operation.Path}");
        Assert.Equal(documented.Order(), routes.Order());
    }

    [Fact]
    public void DocumentIsOpenApi31AndReferencesResolve()
    {
        Assert.Equal("3.1.0", Document.Version);
        foreach (var (_, _, operation) in Document.Operations())
        {
            foreach (var response in operation.GetProperty("responses").EnumerateObject())
                Assert.True(Document.Resolve(response.Value).TryGetProperty("description", out _));
            if (operation.TryGetProperty("requestBody", out var body))
                Assert.Equal(JsonValueKind.Object,
                    Document.Resolve(body.GetProperty("content").GetProperty("application/json").GetProperty("schema")).ValueKind);
        }
    }
}
