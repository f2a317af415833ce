using SmmAgent.Linux.Systemd;

namespace SmmAgent.Linux.Firewall;

/// <summary>One of firewalld's two configurations: the one in force, or the one that the next reload puts in force.</summary>
internal abstract class FirewalldConfiguration(SdBus bus)
{
    protected const string Destination = "org.fedoraproject.FirewallD1";
    protected const string RuntimePath = "/org/fedoraproject/FirewallD1";
    protected const string PermanentPath = "/org/fedoraproject/FirewallD1/config";

    private readonly Dictionary<string, IReadOnlyList<(string Port, string Protocol)>> _services = [];

    protected SdBus Bus { get; } = bus;

    /// <summary>How this configuration is called in messages.</summary>
    public abstract string Name { get; }

    public abstract IReadOnlyList<string> Zones();

    public abstract FirewalldZoneSettings Settings(string zone);

    public abstract void Add(string zone, string rule);

    public abstract void Remove(string zone, string rule);

    public IReadOnlySet<int> OpenPorts(string zone) => Settings(zone).OpenPorts(PortsOfService);

    /// <summary>Our rules in a zone, by their text there.</summary>
    public IReadOnlyDictionary<string, FirewalldRule> Ours(string zone) =>
        RichRules(zone)
            .Select(text => (Text: text, Rule: FirewalldRule.Read(text)))
            .Where(rule => rule.Rule is not null)
            .ToDictionary(rule => rule.Text, rule => rule.Rule!);

    protected abstract IReadOnlyList<string> RichRules(string zone);

    protected abstract BusMessage ServiceSettings(string service);

    protected BusMessage Call(string path, string @interface, string member, params IReadOnlyList<string> arguments)
    {
        var call = NewCall(path, @interface, member);
        foreach (var argument in arguments)
            call.Add(argument);
        return Bus.Call(call);
    }

    protected BusMessage NewCall(string path, string @interface, string member) => Bus.NewCall(Destination, path, @interface, member);

    private IReadOnlyList<(string Port, string Protocol)> PortsOfService(string service)
    {
        if (_services.TryGetValue(service, out var known))
            return known;

        // Noted before its includes are looked up, so that a circle ends.
        _services[service] = [];
        using var reply = ServiceSettings(service);
        IReadOnlyList<(string Port, string Protocol)> ports = [];
        IReadOnlyList<string> includes = [];
        var limited = false;
        reply.ReadArray("{sv}", entry => entry.ReadEntry("sv", setting =>
        {
            switch (setting.ReadString())
            {
                case "ports":
                    ports = setting.ReadVariant("a(ss)", FirewalldZoneSettings.ReadPorts);
                    break;
                case "includes":
                    includes = setting.ReadVariant("as", value => value.ReadStrings());
                    break;
                case "destination":
                    limited = setting.ReadVariant("a{ss}", value => value.ReadArray("{ss}", pair => pair.Skip("{ss}"))).Count > 0;
                    break;
                default:
                    setting.Skip("v");
                    break;
            }

            return setting;
        }));
        // A service with destinations opens nothing for the host's other addresses.
        return _services[service] = [.. limited ? [] : ports, .. includes.SelectMany(PortsOfService)];
    }
}

/// <summary>What is in force until the next reload.</summary>
internal sealed class FirewalldRuntime(SdBus bus) : FirewalldConfiguration(bus)
{
    private const string ZoneInterface = "org.fedoraproject.FirewallD1.zone";

    public override string Name => "now";

    public override IReadOnlyList<string> Zones()
    {
        using var reply = Call(RuntimePath, ZoneInterface, "getZones");
        return reply.ReadStrings();
    }

    /// <summary>The zones that an interface or a source is bound to, and the default zone, which gets the rest.</summary>
    public IReadOnlySet<string> ZonesWithTraffic()
    {
        using var active = Call(RuntimePath, ZoneInterface, "getActiveZones");
        using var @default = Call(RuntimePath, Destination, "getDefaultZone");
        var bound = active.ReadArray("{sa{sas}}", zone => zone.ReadEntry("sa{sas}", entry =>
        {
            var name = entry.ReadString();
            entry.Skip("a{sas}");
            return name;
        }));
        return bound.Append(@default.ReadString()).ToHashSet();
    }

    // One by one: the tuple of getZoneSettings tells in place of an empty list what was loaded from the files (firewalld 1.3).
    public override FirewalldZoneSettings Settings(string zone)
    {
        using var settings = Call(RuntimePath, Destination, "getZoneSettings", zone);
        using var services = Call(RuntimePath, ZoneInterface, "getServices", zone);
        using var ports = Call(RuntimePath, ZoneInterface, "getPorts", zone);
        using var protocols = Call(RuntimePath, ZoneInterface, "getProtocols", zone);
        return new(
            FirewalldZoneSettings.Read(settings).Target,
            services.ReadStrings(),
            [.. ports.ReadArray("as", port => port.ReadStrings()).Select(pair => (pair[0], pair[1]))],
            RichRules(zone),
            protocols.ReadStrings());
    }

    protected override IReadOnlyList<string> RichRules(string zone)
    {
        using var rules = Call(RuntimePath, ZoneInterface, "getRichRules", zone);
        return rules.ReadStrings();
    }

    public override void Add(string zone, string rule) =>
        Bus.Call(NewCall(RuntimePath, ZoneInterface, "addRichRule").Add(zone).Add(rule).Add(0)).Dispose();

    public override void Remove(string zone, string rule) => Call(RuntimePath, ZoneInterface, "removeRichRule", zone, rule).Dispose();

    protected override BusMessage ServiceSettings(string service) => Call(RuntimePath, Destination, "getServiceSettings2", service);
}

/// <summary>What firewalld keeps in its files.</summary>
internal sealed class FirewalldPermanent(SdBus bus) : FirewalldConfiguration(bus)
{
    private const string ConfigInterface = "org.fedoraproject.FirewallD1.config";

    public override string Name => "permanently";

    public override IReadOnlyList<string> Zones()
    {
        using var reply = Call(PermanentPath, ConfigInterface, "getZoneNames");
        return reply.ReadStrings();
    }

    public override FirewalldZoneSettings Settings(string zone)
    {
        using var reply = CallZone(zone, "getSettings");
        return FirewalldZoneSettings.Read(reply);
    }

    protected override IReadOnlyList<string> RichRules(string zone) => Settings(zone).RichRules;

    public override void Add(string zone, string rule) => CallZone(zone, "addRichRule", rule).Dispose();

    public override void Remove(string zone, string rule) => CallZone(zone, "removeRichRule", rule).Dispose();

    protected override BusMessage ServiceSettings(string service)
    {
        using var path = Call(PermanentPath, ConfigInterface, "getServiceByName", service);
        return Call(path.ReadString('o'), $"{ConfigInterface}.service", "getSettings2");
    }

    private BusMessage CallZone(string zone, string member, params IReadOnlyList<string> arguments)
    {
        using var path = Call(PermanentPath, ConfigInterface, "getZoneByName", zone);
        return Call(path.ReadString('o'), $"{ConfigInterface}.zone", member, arguments);
    }
}
