using SmmAgent.Linux.DBus;
using Tmds.DBus.Protocol;

namespace SmmAgent.Linux.Firewall;

/// <summary>One of the two configurations of firewalld: the one in force, or the one that the next reload puts in force.</summary>
internal abstract class FirewalldConfiguration(BusConnection bus)
{
    protected const string Destination = "org.fedoraproject.FirewallD1";
    protected const string RuntimePath = "/org/fedoraproject/FirewallD1";
    protected const string PermanentPath = "/org/fedoraproject/FirewallD1/config";

    private readonly Dictionary<string, IReadOnlyList<(string Port, string Protocol)>> _services = [];

    /// <summary>The name of this configuration in messages.</summary>
    public abstract string Name { get; }

    public abstract Task<IReadOnlyList<string>> ZonesAsync(CancellationToken cancel);

    public abstract Task<FirewalldZoneSettings> SettingsAsync(string zone, CancellationToken cancel);

    public abstract Task AddAsync(string zone, string rule, CancellationToken cancel);

    public abstract Task RemoveAsync(string zone, string rule, CancellationToken cancel);

    public async Task<IReadOnlySet<int>> OpenPortsAsync(string zone, CancellationToken cancel) =>
        await (await SettingsAsync(zone, cancel)).OpenPortsAsync(service => PortsOfServiceAsync(service, cancel));

    /// <summary>The agent's rules in a zone, by their text there.</summary>
    public async Task<IReadOnlyDictionary<string, FirewalldRule>> OursAsync(string zone, CancellationToken cancel) =>
        (await RichRulesAsync(zone, cancel))
            .Select(text => (Text: text, Rule: FirewalldRule.Read(text)))
            .Where(rule => rule.Rule is not null)
            .ToDictionary(rule => rule.Text, rule => rule.Rule!);

    protected abstract Task<IReadOnlyList<string>> RichRulesAsync(string zone, CancellationToken cancel);

    /// <summary>The call that answers the settings of a service.</summary>
    protected abstract Task<BusCall> SettingsOfServiceAsync(string service, CancellationToken cancel);

    protected Task ChangeAsync(BusCall call, CancellationToken cancel) => bus.ChangeAsync(call, cancel);

    protected Task<T> ReadAsync<T>(BusCall call, string signature, BodyReader<T> read, CancellationToken cancel) =>
        bus.ReadAsync(call, signature, read, cancel);

    protected async Task<IReadOnlyList<string>> TextsAsync(BusCall call, CancellationToken cancel) =>
        await ReadAsync(call, "as", (ref reply) => reply.ReadArrayOfString(), cancel);

    private async Task<IReadOnlyList<(string Port, string Protocol)>> PortsOfServiceAsync(string service, CancellationToken cancel)
    {
        if (_services.TryGetValue(service, out var known))
            return known;

        // Noted before its includes are read, so that a circle ends.
        _services[service] = [];
        var settings = await ReadAsync(
            await SettingsOfServiceAsync(service, cancel), "a{sv}", ServiceSettings.Read, cancel);
        // A service with destinations opens nothing for the other addresses of the host.
        var ports = settings.IsLimited ? [] : settings.Ports.ToList();
        foreach (var included in settings.Includes)
            ports.AddRange(await PortsOfServiceAsync(included, cancel));
        return _services[service] = ports;
    }

    private sealed record ServiceSettings(
        IReadOnlyList<(string Port, string Protocol)> Ports, IReadOnlyList<string> Includes, bool IsLimited)
    {
        public static ServiceSettings Read(ref Reader reply)
        {
            var settings = new ServiceSettings([], [], IsLimited: false);
            var end = reply.ReadDictionaryStart();
            while (reply.HasNext(end))
            {
                switch (reply.ReadString())
                {
                    case "ports":
                        reply.ReadSignature("a(ss)");
                        settings = settings with { Ports = FirewalldZoneSettings.ReadPorts(ref reply) };
                        break;
                    case "includes":
                        reply.ReadSignature("as");
                        settings = settings with { Includes = reply.ReadArrayOfString() };
                        break;
                    case "destination":
                        reply.ReadSignature("a{ss}");
                        var destinations = reply.ReadDictionaryStart();
                        settings = settings with { IsLimited = reply.HasNext(destinations) };
                        reply.SkipTo(destinations);
                        break;
                    default:
                        reply.ReadVariantValue();
                        break;
                }
            }

            return settings;
        }
    }
}

/// <summary>The configuration that is in force until the next reload.</summary>
internal sealed class FirewalldRuntime(BusConnection bus) : FirewalldConfiguration(bus)
{
    private const string ZoneInterface = "org.fedoraproject.FirewallD1.zone";

    public override string Name => "now";

    public override Task<IReadOnlyList<string>> ZonesAsync(CancellationToken cancel) => TextsAsync(ZoneCall("getZones"), cancel);

    /// <summary>The zones that an interface or a source is bound to, and the default zone, which gets the rest.</summary>
    public async Task<IReadOnlySet<string>> ZonesWithTrafficAsync(CancellationToken cancel)
    {
        var bound = await ReadAsync(ZoneCall("getActiveZones"), "a{sa{sas}}", ReadKeys, cancel);
        var @default = await ReadAsync(MainCall("getDefaultZone"), "s", (ref reply) => reply.ReadString(), cancel);
        return bound.Append(@default).ToHashSet();
    }

    // One by one: in place of an empty list, the tuple of getZoneSettings has the list that was loaded from the files (firewalld 1.3).
    public override async Task<FirewalldZoneSettings> SettingsAsync(string zone, CancellationToken cancel)
    {
        var settings = await ReadAsync(
            MainCall("getZoneSettings", zone), FirewalldZoneSettings.Signature, FirewalldZoneSettings.Read, cancel);
        return new(
            settings.Target,
            await TextsAsync(ZoneCall("getServices", zone), cancel),
            await ReadAsync(ZoneCall("getPorts", zone), "aas", ReadPairs, cancel),
            await RichRulesAsync(zone, cancel),
            await TextsAsync(ZoneCall("getProtocols", zone), cancel));
    }

    public override Task AddAsync(string zone, string rule, CancellationToken cancel) => ChangeAsync(
        ZoneCall("addRichRule").With("ssi", (ref writer) =>
        {
            writer.WriteString(zone);
            writer.WriteString(rule);
            writer.WriteInt32(0); // seconds until firewalld removes it: never
        }),
        cancel);

    public override Task RemoveAsync(string zone, string rule, CancellationToken cancel) =>
        ChangeAsync(ZoneCall("removeRichRule", zone, rule), cancel);

    protected override Task<IReadOnlyList<string>> RichRulesAsync(string zone, CancellationToken cancel) =>
        TextsAsync(ZoneCall("getRichRules", zone), cancel);

    protected override Task<BusCall> SettingsOfServiceAsync(string service, CancellationToken cancel) =>
        Task.FromResult(MainCall("getServiceSettings2", service));

    private static BusCall MainCall(string member, params IReadOnlyList<string> arguments) =>
        new BusCall(Destination, RuntimePath, Destination, member).With(arguments);

    private static BusCall ZoneCall(string member, params IReadOnlyList<string> arguments) =>
        new BusCall(Destination, RuntimePath, ZoneInterface, member).With(arguments);

    private static List<string> ReadKeys(ref Reader reply)
    {
        var keys = new List<string>();
        var end = reply.ReadDictionaryStart();
        while (reply.HasNext(end))
        {
            keys.Add(reply.ReadString());
            var values = reply.ReadDictionaryStart();
            reply.SkipTo(values);
        }

        return keys;
    }

    private static List<(string Port, string Protocol)> ReadPairs(ref Reader reply)
    {
        var pairs = new List<(string Port, string Protocol)>();
        var end = reply.ReadArrayStart(DBusType.Array);
        while (reply.HasNext(end))
        {
            var pair = reply.ReadArrayOfString();
            pairs.Add((pair[0], pair[1]));
        }

        return pairs;
    }
}

/// <summary>The configuration that firewalld keeps in its files.</summary>
internal sealed class FirewalldPermanent(BusConnection bus) : FirewalldConfiguration(bus)
{
    private const string ConfigInterface = "org.fedoraproject.FirewallD1.config";

    public override string Name => "permanently";

    public override Task<IReadOnlyList<string>> ZonesAsync(CancellationToken cancel) => TextsAsync(ConfigCall("getZoneNames"), cancel);

    public override async Task<FirewalldZoneSettings> SettingsAsync(string zone, CancellationToken cancel) => await ReadAsync(
        await ZoneCallAsync(zone, "getSettings", cancel),
        FirewalldZoneSettings.Signature,
        FirewalldZoneSettings.Read,
        cancel);

    public override async Task AddAsync(string zone, string rule, CancellationToken cancel) =>
        await ChangeAsync((await ZoneCallAsync(zone, "addRichRule", cancel)).With(rule), cancel);

    public override async Task RemoveAsync(string zone, string rule, CancellationToken cancel) =>
        await ChangeAsync((await ZoneCallAsync(zone, "removeRichRule", cancel)).With(rule), cancel);

    protected override async Task<IReadOnlyList<string>> RichRulesAsync(string zone, CancellationToken cancel) =>
        (await SettingsAsync(zone, cancel)).RichRules;

    protected override async Task<BusCall> SettingsOfServiceAsync(string service, CancellationToken cancel) =>
        new(Destination, await PathAsync("getServiceByName", service, cancel), $"{ConfigInterface}.service", "getSettings2");

    private async Task<BusCall> ZoneCallAsync(string zone, string member, CancellationToken cancel) =>
        new(Destination, await PathAsync("getZoneByName", zone, cancel), $"{ConfigInterface}.zone", member);

    private Task<string> PathAsync(string member, string name, CancellationToken cancel) =>
        ReadAsync(ConfigCall(member, name), "o", (ref reply) => reply.ReadObjectPathAsString(), cancel);

    private static BusCall ConfigCall(string member, params IReadOnlyList<string> arguments) =>
        new BusCall(Destination, PermanentPath, ConfigInterface, member).With(arguments);
}
