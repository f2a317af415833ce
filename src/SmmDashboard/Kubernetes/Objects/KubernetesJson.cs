using System.Text.Json.Serialization;

namespace SmmDashboard.Kubernetes.Objects;

/// <summary>How objects are read: camelCase, no reflection, unknown members and nulls are no error.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(Namespace))]
[JsonSerializable(typeof(ObjectList<Namespace>), TypeInfoPropertyName = "NamespaceList")]
[JsonSerializable(typeof(ConfigMap))]
[JsonSerializable(typeof(ObjectList<ConfigMap>), TypeInfoPropertyName = "ConfigMapList")]
[JsonSerializable(typeof(Service))]
[JsonSerializable(typeof(ObjectList<Service>), TypeInfoPropertyName = "ServiceList")]
[JsonSerializable(typeof(EndpointSlice))]
[JsonSerializable(typeof(ObjectList<EndpointSlice>), TypeInfoPropertyName = "EndpointSliceList")]
[JsonSerializable(typeof(Deployment))]
[JsonSerializable(typeof(ObjectList<Deployment>), TypeInfoPropertyName = "DeploymentList")]
[JsonSerializable(typeof(WebhookConfiguration))]
[JsonSerializable(typeof(ObjectList<WebhookConfiguration>), TypeInfoPropertyName = "WebhookConfigurationList")]
[JsonSerializable(typeof(WorkloadGroup))]
[JsonSerializable(typeof(ObjectList<WorkloadGroup>), TypeInfoPropertyName = "WorkloadGroupList")]
[JsonSerializable(typeof(WorkloadEntry))]
[JsonSerializable(typeof(ObjectList<WorkloadEntry>), TypeInfoPropertyName = "WorkloadEntryList")]
[JsonSerializable(typeof(IstioControlPlane))]
[JsonSerializable(typeof(ObjectList<IstioControlPlane>), TypeInfoPropertyName = "IstioControlPlaneList")]
[JsonSerializable(typeof(PeerIstioControlPlane))]
[JsonSerializable(typeof(ObjectList<PeerIstioControlPlane>), TypeInfoPropertyName = "PeerIstioControlPlaneList")]
[JsonSerializable(typeof(ApiGateway))]
[JsonSerializable(typeof(ObjectList<ApiGateway>), TypeInfoPropertyName = "ApiGatewayList")]
[JsonSerializable(typeof(ClusterTrustBundle))]
[JsonSerializable(typeof(ObjectList<ClusterTrustBundle>), TypeInfoPropertyName = "ClusterTrustBundleList")]
public sealed partial class KubernetesJson : JsonSerializerContext;
