using SmmAgent.Bed;
using SmmDashboard.Kubernetes.Tests.Running;

namespace SmmDashboard.Kubernetes.Tests.Machines;

/// <summary>The kind AttachedMachine in the test's API server. It belongs to the whole cluster: its tests run alone.</summary>
internal static class MachineKind
{
    public const string Api = "apis/smm-agent.io/v1alpha1";
    private const string Crds = "apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    private const string Name = "attachedmachines.smm-agent.io";

    private const string Crd = """
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: { name: attachedmachines.smm-agent.io }
        spec:
          group: smm-agent.io
          scope: Namespaced
          names: { kind: AttachedMachine, listKind: AttachedMachineList, plural: attachedmachines, singular: attachedmachine, shortNames: [am] }
          versions:
          - name: v1alpha1
            served: true
            storage: true
            subresources: { status: {} }
            additionalPrinterColumns:
            - { name: Group, type: string, jsonPath: .spec.workloadGroup }
            - { name: Host, type: string, jsonPath: .status.host }
            - { name: Address, type: string, jsonPath: .status.address }
            - { name: Agent, type: string, jsonPath: .status.agentVersion }
            - { name: Sidecar, type: string, jsonPath: .status.sidecarVersion }
            - { name: Connected, type: string, jsonPath: '.status.conditions[?(@.type=="AgentConnected")].status' }
            - { name: Attached, type: string, jsonPath: '.status.conditions[?(@.type=="Attached")].status' }
            - { name: Reason, type: string, jsonPath: '.status.conditions[?(@.type=="Attached")].reason' }
            - { name: Seen, type: date, jsonPath: .status.lastReportTime }
            - { name: Age, type: date, jsonPath: .metadata.creationTimestamp }
            schema:
              openAPIV3Schema:
                type: object
                required: [spec]
                properties:
                  spec:
                    type: object
                    required: [workloadGroup, keySha256]
                    properties:
                      workloadGroup: { type: string, minLength: 1, maxLength: 253 }
                      keySha256: { type: string, pattern: '^[0-9a-f]{64}$' }
                  status:
                    type: object
                    properties:
                      host: { type: string, maxLength: 253 }
                      address: { type: string, maxLength: 45 }
                      interfaceAddresses: { type: array, maxItems: 32, x-kubernetes-list-type: atomic, items: { type: string, maxLength: 45 } }
                      agentVersion: { type: string, maxLength: 64 }
                      sidecarVersion: { type: string, maxLength: 64 }
                      operatingSystem: { type: string, maxLength: 128 }
                      workloadEntry: { type: string, maxLength: 253 }
                      lastReportTime: { type: string, format: date-time }
                      connectedTo: { type: string, maxLength: 253 }
                      instances:
                        type: array
                        maxItems: 8
                        x-kubernetes-list-type: atomic
                        items:
                          type: object
                          required: [id, host, firstSeen, lastSeen]
                          properties:
                            id: { type: string, maxLength: 64 }
                            host: { type: string, maxLength: 256 }
                            firstSeen: { type: string, format: date-time }
                            lastSeen: { type: string, format: date-time }
                      conditions:
                        type: array
                        maxItems: 32
                        x-kubernetes-list-type: atomic
                        items:
                          type: object
                          required: [type, status, lastTransitionTime, reason, message]
                          properties:
                            type: { type: string, maxLength: 64 }
                            status: { type: string, enum: ["True", "False", Unknown] }
                            reason: { type: string, maxLength: 64 }
                            message: { type: string, maxLength: 256 }
                            lastTransitionTime: { type: string, format: date-time }
        """;

    public static async Task InstallAsync(RunningApiServer server)
    {
        if (!await IsServedAsync(server, $"{Crds}/{Name}"))
            await server.AdminAsync(HttpMethod.Post, Crds, Crd);
        await UntilAsync(server, isServed: true);
    }

    public static async Task RemoveAsync(RunningApiServer server)
    {
        if (await IsServedAsync(server, $"{Crds}/{Name}"))
            await server.AdminAsync(HttpMethod.Delete, $"{Crds}/{Name}");
        await UntilAsync(server, isServed: false);
    }

    private static async Task UntilAsync(RunningApiServer server, bool isServed)
    {
        for (var end = DateTime.UtcNow + Until.Patience; await IsServedAsync(server, $"{Api}/attachedmachines") != isServed;)
        {
            Assert.True(DateTime.UtcNow < end, $"the kind is served: {!isServed}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private static async Task<bool> IsServedAsync(RunningApiServer server, string path)
    {
        using var response = await server.Admin.GetAsync(path, TestContext.Current.CancellationToken);
        return response.IsSuccessStatusCode;
    }
}
