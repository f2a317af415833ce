using System.Text;
using SmmDashboard.Admin.Api;
using SmmDashboard.Admin.Machines;
using SmmDashboard.Admin.Pages;
using SmmDashboard.Groups;
using SmmDashboard.Http;

namespace SmmDashboard.Admin.Serving;

/// <summary>The pages and the JSON answers. Every one of them only reads.</summary>
internal sealed class AdminRoutes
{
    private readonly AdminReader _reader;

    public AdminRoutes(AdminReader reader)
    {
        _reader = reader;
        All =
        [
            new("/machines", request => ListAsync(request, isApi: false)),
            new("/machines/{namespace}/{group}/{machine}", request => MachineAsync(request, isApi: false)),
            new("/groups", GroupsPageAsync),
            new("/groups/{namespace}/{name}", request => GroupAsync(request, isApi: false)),
            new("/mesh", request => HtmlAsync(request, MeshHtml.Create(_reader.Mesh(request.Viewer), request.Frame))),
            new("/v1/machines", request => ListAsync(request, isApi: true)),
            new("/v1/machines/{namespace}/{group}/{machine}", request => MachineAsync(request, isApi: true)),
            new("/v1/groups", GroupsAsync),
            new("/v1/groups/{namespace}/{name}", request => GroupAsync(request, isApi: true)),
            new("/v1/mesh", MeshAsync),
        ];
    }

    public IReadOnlyList<AdminRoute> All { get; }

    /// <summary>The version of the machines and the mesh.</summary>
    public long Version => _reader.Version;

    public static Task WriteHtmlAsync(HttpContext context, string page, int status = StatusCodes.Status200OK)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(page), context.RequestAborted).AsTask();
    }

    private async Task<ApiProblem?> ListAsync(AdminRequest request, bool isApi)
    {
        var (query, fault) = MachineQuery.Read(request.Context.Request.Query);
        if (query is null)
            return ApiProblem.BodyInvalid(fault);

        var page = _reader.Select(query, request.Viewer);
        if (!isApi)
            return await HtmlAsync(request, MachineListHtml.Create(query, page, request.Frame));

        await request.Context.WriteJsonAsync(AdminReader.List(page), AdminJson.Default.MachineListAnswer);
        return null;
    }

    private async Task<ApiProblem?> MachineAsync(AdminRequest request, bool isApi)
    {
        var group = new GroupId(request.Values[0], request.Values[1]);
        var machine = await _reader.MachineAsync(group, request.Values[2], request.Viewer, request.Context.RequestAborted);
        if (machine is null)
            return ApiProblem.NotFound("the machine does not exist, its name is not unique in the group, or you may not see its namespace");
        if (!isApi)
            return await HtmlAsync(request, MachineHtml.Create(machine, request.Frame));

        await request.Context.WriteJsonAsync(machine, AdminJson.Default.MachineAnswer);
        return null;
    }

    private async Task<ApiProblem?> GroupsAsync(AdminRequest request)
    {
        await request.Context.WriteJsonAsync(_reader.Groups(request.Viewer), AdminJson.Default.GroupListAnswer);
        return null;
    }

    private Task<ApiProblem?> GroupsPageAsync(AdminRequest request) =>
        HtmlAsync(request, GroupHtml.CreateList(_reader.Groups(request.Viewer), request.Frame));

    private async Task<ApiProblem?> GroupAsync(AdminRequest request, bool isApi)
    {
        if (_reader.Group(new GroupId(request.Values[0], request.Values[1]), request.Viewer) is not { } group)
            return ApiProblem.NotFound("the WorkloadGroup does not exist, or you may not see its namespace");
        if (!isApi)
            return await HtmlAsync(request, GroupHtml.Create(group, request.Frame));

        await request.Context.WriteJsonAsync(group, AdminJson.Default.GroupAnswer);
        return null;
    }

    private async Task<ApiProblem?> MeshAsync(AdminRequest request)
    {
        await request.Context.WriteJsonAsync(_reader.Mesh(request.Viewer), AdminJson.Default.MeshAnswer);
        return null;
    }

    private static async Task<ApiProblem?> HtmlAsync(AdminRequest request, string page)
    {
        await WriteHtmlAsync(request.Context, page);
        return null;
    }
}
