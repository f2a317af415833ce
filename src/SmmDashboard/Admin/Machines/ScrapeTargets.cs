using System.Net;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using SmmAgent.Contract;
using SmmDashboard.Agents;
using SmmDashboard.DialBack;
using SmmDashboard.Status;

namespace SmmDashboard.Admin.Machines;

/// <summary>
/// <c>/targets</c> at the status address: the agents as targets for the HTTP service discovery of Prometheus, so that no list of VMs has to
/// be maintained.
/// </summary>
/// <remarks>
/// An agent chooses its address, so Prometheus may connect to TCP 16400 of any host that it reaches, except the addresses that the
/// dashboard itself never connects to. The scrape configuration does not follow redirects and limits what is read.
/// </remarks>
public static class ScrapeTargets
{
    public const string Path = "/targets";

    public static StatusPage Page(IMachineSource source, AddressPolicy addresses) =>
        new(Path, "application/json", () => Write(source.Machines, addresses));

    private static string Write(IEnumerable<ObservedMachine> machines, AddressPolicy addresses)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new() { Encoder = JavaScriptEncoder.Default }))
        {
            json.WriteStartArray();
            foreach (var machine in machines)
            {
                // The agent of a detached machine does not run.
                if (!machine.IsDetached && machine.Address is { } address && !addresses.IsAlwaysRefused(address))
                    Write(json, machine, address);
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    // The labels become those of a series only if the scrape configuration copies them.
    private static void Write(Utf8JsonWriter json, ObservedMachine machine, IPAddress address)
    {
        json.WriteStartObject();
        json.WriteStartArray("targets");
        json.WriteStringValue($"{new IPEndPoint(address, DashboardApi.AgentPort)}");
        json.WriteEndArray();
        json.WriteStartObject("labels");
        json.WriteString("__meta_smm_namespace", machine.Group.Namespace);
        json.WriteString("__meta_smm_workload_group", machine.Group.Name);
        json.WriteString("__meta_smm_host", machine.Name);
        json.WriteString("__meta_smm_uuid", machine.Id);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
