using SmmDashboard.Kubernetes.Composition;
using SmmDashboard.Kubernetes.Objects;

namespace SmmDashboard.Kubernetes.Tests.Composition;

/// <summary>Which gateways are found, and their addresses.</summary>
public sealed class GatewayTests
{
    private const string EastWest = "istio-eastwestgateway";

    [Theory]
    [InlineData("istio", "eastwestgateway", 15012, true)]
    [InlineData("topology.istio.io/network", "network9", 15012, true)]
    [InlineData("istio", "eastwestgateway", 15443, false)] // does not lead to istiod
    [InlineData("istio", "ingressgateway", 15012, false)]
    public void EastWestGatewayHasALabelAndTheIstiodPort(string label, string value, int port, bool isFound)
    {
        var service = Service("gw", port, "198.51.100.1")
            with
        { Metadata = new ObjectMeta { Name = "gw", Namespace = "istio-system" }.Labelled(label, value) };
        Assert.Equal(isFound ? ["gw"] : [], Names(With(service)));
    }

    [Fact]
    public void ServiceOfAnotherNamespaceIsAGatewayOnlyIfNamed()
    {
        var service = Service("gw", 15012, "198.51.100.1")
            with
        { Metadata = new ObjectMeta { Name = "gw", Namespace = "vms-plain" }.Labelled("istio", "eastwestgateway") };
        Assert.Empty(Names(With(service)));
        Assert.Equal(["gw"], Names(With(service), new() { Gateways = [("vms-plain", "gw")] }));
    }

    [Fact]
    public void MissingNamedGatewayIsAFault()
    {
        var composed = Cluster.Upstream.Compose(options: new() { Gateways = [("edge", "gw")] });
        Assert.Contains(composed.Faults,
            fault => fault.ToString().StartsWith("Service edge/gw: is named as a gateway and was not found", StringComparison.Ordinal));
        Assert.Equal([FaultReasons.GatewayNotFound], composed.Group("vms-plain", "analytics-v0").Faults.Select(fault => fault.Reason));
    }

    [Fact]
    public void AddressesAreUniqueAndKeepTheirOrder()
    {
        var objects = Changed(service => service with
        {
            Spec = service.Spec with { ExternalIPs = ["203.0.113.1", "198.51.100.11"] },
            Status = Ingress(new() { Hostname = "gw.example.com" }, new() { Ip = "198.51.100.11", Hostname = "not.this" },
                new() { Ip = "2001:db8::1" }, new()),
        });
        Assert.Equal(["198.51.100.11", "2001:db8::1", "203.0.113.1", "gw.example.com"], Gateway(objects).Addresses);
    }

    [Theory]
    [InlineData("LoadBalancer",
        "its load balancer has no address yet; see why: kubectl -n istio-system describe service istio-eastwestgateway")]
    [InlineData("NodePort", "is of type NodePort, and VMs connect to port 15012")]
    [InlineData("ClusterIP", "is of type ClusterIP and has no address outside the cluster")]
    [InlineData("", "is of type ClusterIP and has no address outside the cluster")]
    public void GatewayThatNeverHadAnAddressIsServedWithoutOneAndReported(string type, string reason)
    {
        var composed = Changed(service => service with { Spec = service.Spec with { Type = type }, Status = new() }).Compose();
        Assert.Empty(composed.Group("vms-plain", "analytics-v0").Served!.Config.MeshExpansionGateways.Single().Addresses);
        Assert.Contains(composed.Faults,
            fault => fault.Source.Name == EastWest && fault.Message.StartsWith(reason, StringComparison.Ordinal));
    }

    [Fact]
    public void LostAddressesStayServedAndDoNotDelayTheOtherGateway()
    {
        var before = Cluster.Upstream.Compose();
        var lost = Changed(service => service with { Status = new() }).Compose(before);
        var group = lost.Group("vms-plain", "analytics-v0");
        Assert.Same(before.Group("vms-plain", "analytics-v0").Served, group.Served);
        Assert.Equal([FaultReasons.GatewayWithoutAddress], group.Faults.Select(fault => fault.Reason));
        Assert.True(lost.Group("vms-plain", "bare").IsCurrent); // of the control plane's network: needs no gateway

        // With it gone altogether they stay, too.
        group = (Cluster.Upstream with { Services = Cluster.Upstream.Services.Without(EastWest) }).Compose(lost)
            .Group("vms-plain", "analytics-v0");
        Assert.Same(before.Group("vms-plain", "analytics-v0").Served, group.Served);

        var second = Service("second", 15012, "203.0.113.2")
            with
        { Metadata = new ObjectMeta { Name = "second", Namespace = "istio-system" }.Labelled("istio", "eastwestgateway") };
        var two = Changed(service => service with { Status = new() });
        group = (two with { Services = [.. two.Services, second] }).Compose(lost).Group("vms-plain", "analytics-v0");
        Assert.True(group.IsCurrent);
        Assert.Equal(["", "203.0.113.2"],
            group.Served!.Config.MeshExpansionGateways.Select(gateway => string.Join(' ', gateway.Addresses)));
    }

    [Fact]
    public void TrailingDotOfANameIsRemoved() => Assert.Equal(
        ["gw.elb.example.com"],
        Changed(service => service with { Status = Ingress(new LoadBalancerIngress { Hostname = "gw.elb.example.com." }) }).Compose()
            .Group("vms-plain", "analytics-v0").Served!.Config.MeshExpansionGateways.Single().Addresses);

    [Fact]
    public void InvalidAddressIsOmittedAndReported()
    {
        var composed = Changed(service => service with { Status = Ingress(new() { Ip = "198.51.100.10" }, new() { Hostname = "no_name" }) })
            .Compose();
        Assert.Equal(["198.51.100.10"],
            composed.Group("vms-plain", "analytics-v0").Served!.Config.MeshExpansionGateways.Single().Addresses);
        Assert.Contains(composed.Faults, fault => fault.ToString()
            == "Service istio-system/istio-eastwestgateway: its address 'no_name' is neither an IP address nor a DNS name, and is left "
                + "out: kubectl -n istio-system get service istio-eastwestgateway -o yaml");
    }

    [Theory]
    [InlineData("istio", 15012, "TLS", true)]
    [InlineData("istio-east-west", 15012, "TLS", true)]
    [InlineData("istio-east-west", 15008, "HBONE", false)]
    [InlineData("istio", 15012, "HBONE", false)]
    [InlineData("nginx", 15012, "TLS", false)]
    public void ApiGatewayLeadsToIstiodThroughASupportedListener(string className, int port, string protocol, bool isFound)
    {
        var gateway = new ApiGateway
        {
            Metadata = new() { Name = "api", Namespace = "istio-system" },
            Spec = new()
            {
                GatewayClassName = className,
                Listeners = [new() { Name = "l", Port = port, Protocol = protocol },
                    new() { Name = "hbone", Port = 15008, Protocol = "HBONE" }]
            },
            Status = new() { Addresses = [new() { Value = "203.0.113.5" }] },
        };
        var objects = Cluster.Upstream with { Services = Cluster.Upstream.Services.Without(EastWest), ApiGateways = [gateway] };
        var found = objects.Compose().Group("vms-plain", "analytics-v0").Served!.Config.MeshExpansionGateways;
        Assert.Equal(isFound ? ["api 203.0.113.5 15012"] : [],
            found.Select(item => $"{item.Name} {item.Addresses[0]} {string.Join(',', item.Ports.Select(p => p.Port))}"));

        // The Service that Istio makes of it has its labels and is the same gateway.
        var service = Service("api-istio", 15012, "203.0.113.5") with
        {
            Metadata = new ObjectMeta { Name = "api-istio", Namespace = "istio-system" }.Labelled("istio", "eastwestgateway")
                .Labelled("gateway.networking.k8s.io/gateway-name", "api"),
        };
        Assert.Equal(isFound ? ["api"] : ["api-istio"], Names(objects with { Services = [.. objects.Services, service] }));
    }

    [Fact]
    public void UnnamedPortGetsANameAndUdpPortsAreIgnored()
    {
        var objects =
            Changed(
                service => service with
                {
                    Spec =
                    service.Spec with { Ports = [new() { Port = 15012 }, new() { Name = "dns", Port = 53, Protocol = "UDP" }] }
                });
        var port = Assert.Single(Gateway(objects).Ports);
        Assert.Equal(("port-15012", 15012), (port.Name, port.Port));
    }

    [Fact]
    public void GroupOfAnotherNetworkWithoutAGatewayIsServedAndReported()
    {
        var composed = (Cluster.Upstream with { Services = Cluster.Upstream.Services.Without(EastWest) }).Compose();
        var group = composed.Group("vms-plain", "analytics-v0");
        Assert.True(group.IsCurrent);
        Assert.StartsWith(
            "WorkloadGroup vms-plain/analytics-v0: its network 'vm-network-1' is not the control plane's ('network1'), and no gateway with "
                + "port 15012 was found in namespace istio-system",
            Assert.Single(group.Faults).ToString(), StringComparison.Ordinal);
        Assert.Empty(composed.Group("vms-plain", "bare").Faults);
    }

    internal static ServiceStatus Ingress(params LoadBalancerIngress[] ingress) => new() { LoadBalancer = new() { Ingress = ingress } };

    private static ClusterObjects Changed(Func<Service, Service> change) =>
        Cluster.Upstream with { Services = Cluster.Upstream.Services.Changed(EastWest, change) };

    private static ClusterObjects With(Service service) =>
        Cluster.Upstream with { Services = [.. Cluster.Upstream.Services.Without(EastWest), service] };

    private static Service Service(string name, int port, string address) => new()
    {
        Metadata = new() { Name = name, Namespace = "istio-system" },
        Spec = new() { Type = "LoadBalancer", Ports = [new() { Name = "tls-istiod", Port = port, Protocol = "TCP" }] },
        Status = Ingress(new LoadBalancerIngress { Ip = address }),
    };

    private static SmmAgent.Contract.MeshExpansionGateway Gateway(ClusterObjects objects) =>
        objects.Compose().Group("vms-plain", "analytics-v0").Served!.Config.MeshExpansionGateways.Single();

    private static IEnumerable<string> Names(ClusterObjects objects, MeshOptions? options = null) =>
        objects.Compose(options: options)
        .Group("vms-plain", "analytics-v0").Served!.Config.MeshExpansionGateways.Select(gateway => gateway.Name);
}
