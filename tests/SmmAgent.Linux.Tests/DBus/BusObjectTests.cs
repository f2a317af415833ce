using SmmAgent.Linux.DBus;
using Tmds.DBus.Protocol;

namespace SmmAgent.Linux.Tests.DBus;

/// <summary>An exported object, called over a real bus.</summary>
public sealed class BusObjectTests : IDisposable
{
    private const string Name = "org.example.Exported";
    private const string Path = "/org/example/Exported";
    private const string Interface = "org.example.Interface";
    private const string Properties = "org.freedesktop.DBus.Properties";

    private readonly BusDaemon _daemon = new();
    private string _level = "info";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _daemon.Dispose();

    [Fact]
    public async Task PropertiesAreReadAndChanged()
    {
        using var exporting = await ExportAsync();
        using var caller = BusConnection.Open(_daemon.Address);

        Assert.Equal("info", await GetAsync(caller, Interface, "Level"));
        await caller.ChangeAsync(Set("Level", VariantValue.String("debug")), Cancel);
        Assert.Equal("debug", await GetAsync(caller, "", "Level"));
        Assert.Equal("journal", await GetAsync(caller, Interface, "Target"));
        var all = await caller.ReadAsync(
            Call("GetAll").With(Interface), "a{sv}", (ref reply) => reply.ReadDictionaryOfStringToVariantValue(), Cancel);
        Assert.Equal(
            ["Level=debug", "Target=journal"], all.Select(property => $"{property.Key}={property.Value.GetString()}").Order());
    }

    [Fact]
    public async Task InvalidCallsAreErrorsAndTheObjectRemains()
    {
        using var exporting = await ExportAsync();
        using var caller = BusConnection.Open(_daemon.Address);

        Assert.Equal("InvalidArgs: loud is not a level", await ErrorAsync(Set("Level", VariantValue.String("loud"))));
        Assert.Equal("InvalidArgs: Level is a string", await ErrorAsync(Set("Level", VariantValue.Int32(7))));
        Assert.Equal("PropertyReadOnly: Target cannot be changed", await ErrorAsync(Set("Target", VariantValue.String("kmsg"))));
        Assert.Equal("UnknownProperty: the properties are Level, Target", await ErrorAsync(Call("Get").With(Interface, "Other")));
        Assert.Equal($"UnknownInterface: the interface is {Interface}", await ErrorAsync(Call("Get").With("org.example.Other", "Level")));
        Assert.StartsWith("UnknownMethod", await ErrorAsync(Call("Get").With("Level")), StringComparison.Ordinal);
        Assert.StartsWith("UnknownMethod", await ErrorAsync(new(Name, Path, Interface, "Do")), StringComparison.Ordinal);
        Assert.Equal("info", await GetAsync(caller, Interface, "Level"));

        async Task<string> ErrorAsync(BusCall call)
        {
            var error = await Assert.ThrowsAsync<DBusException>(() => caller.ChangeAsync(call, Cancel));
            return $"{error.Name.Split('.')[^1]}: {error.Message}";
        }
    }

    [Fact]
    public async Task IntrospectionDescribesTheProperties()
    {
        using var exporting = await ExportAsync();
        using var caller = BusConnection.Open(_daemon.Address);

        var xml = await caller.ReadAsync(
            new(Name, Path, "org.freedesktop.DBus.Introspectable", "Introspect"), "s", (ref reply) => reply.ReadString(), Cancel);

        Assert.Contains($"<interface name=\"{Interface}\">", xml, StringComparison.Ordinal);
        Assert.Contains("<property name=\"Level\" type=\"s\" access=\"readwrite\">", xml, StringComparison.Ordinal);
        Assert.Contains("<property name=\"Target\" type=\"s\" access=\"read\">", xml, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NameOfAnotherConnectionIsAFailure()
    {
        using var first = await ExportAsync();

        var error = await Assert.ThrowsAsync<DBusException>(ExportAsync);

        Assert.Equal(DBusException.NameIsTaken, error.Name);
    }

    private async Task<BusConnection> ExportAsync()
    {
        var bus = BusConnection.Open(_daemon.Address);
        await bus.ExportAsync(
            Name,
            new BusObject(Path, Interface,
            [
                new("Level", () => _level, level => _level = level == "loud" ? throw new ArgumentException("loud is not a level") : level),
                new("Target", () => "journal"),
            ]),
            Cancel);
        return bus;
    }

    private static Task<string> GetAsync(BusConnection bus, string wanted, string property) => bus.ReadAsync(
        Call("Get").With(wanted, property), "v", (ref reply) => reply.ReadVariantValue().GetString(), Cancel);

    private static BusCall Set(string property, VariantValue value) => Call("Set").With("ssv", (ref writer) =>
    {
        writer.WriteString(Interface);
        writer.WriteString(property);
        writer.WriteVariant(value);
    });

    private static BusCall Call(string member) => new(Name, Path, Properties, member);
}
