using Microsoft.Extensions.DependencyInjection;
using SmmDashboard.Admin.Serving;
using SmmDashboard.Tests.OpenApi;
using SmmDashboard.Tests.Running;

namespace SmmDashboard.Tests.Admin;

/// <summary>Compares docs/openapi-admin.yaml with the answers of the running server.</summary>
public sealed class AdminOpenApiTests
{
    private static readonly OpenApiDocument Document = OpenApiDocument.Load("openapi-admin.yaml");

    [Theory]
    [InlineData("listMachines", 200, "/v1/machines")]
    [InlineData("listMachines", 400, "/v1/machines?limit=0")]
    [InlineData("getMachine", 200, "/v1/machines/vm-integration/analytics-v0/vm-1")]
    [InlineData("getMachine", 404, "/v1/machines/vm-integration/analytics-v0/vm-2")]
    [InlineData("listGroups", 200, "/v1/groups")]
    [InlineData("getGroup", 200, "/v1/groups/vm-integration/analytics-v0")]
    [InlineData("getGroup", 404, "/v1/groups/vm-integration/nothing")]
    [InlineData("getMesh", 200, "/v1/mesh")]
    [InlineData("streamEvents", 400, "/v1/events?state=x")]
    public async Task AnswersMatchDocument(string operationId, int status, string path)
    {
        await using var dashboard = await AdminPagesTests.StartAsync();
        var agent = new TestAgent();
        await AdminPagesTests.ReportAsync(dashboard, agent, "vm-1", "PortsOpen", "True", "Open");
        await AdminPagesTests.ReportAsync(dashboard, agent, "vm-1", "PortsOpen", "False", "NotOpen");
        await AdminPagesTests.UntilAsync(dashboard, "/v1/machines", "NotOpen");

        var answer = await AdminPagesTests.GetAsync(dashboard, path);
        Assert.True(status == (int)answer.Status, answer.Text);
        var media = Assert.Single(Document.Response(operationId, status).GetProperty("content").EnumerateObject());
        Assert.Equal(media.Name, answer.MediaType);
        Document.Check(answer.Json, media.Value.GetProperty("schema"), "body");
    }

    [Fact]
    public async Task RoutesAndDocumentedOperationsMatch()
    {
        await using var dashboard = await AdminPagesTests.StartAsync();
        var routes = dashboard.App.Services.GetRequiredService<AdminRoutes>().All.Where(route => route.IsApi)
            .Select(route => route.Pattern).Append(AdminEndpoints.EventsPath);
        Assert.Equal(Document.Operations().Select(operation => operation.Path).Order(), routes.Order());
        Assert.All(Document.Operations(), operation => Assert.Equal("GET", operation.Method));
    }
}
