using System.Net;
using System.Text.Json;
using SmmAgent.Contract;
using SmmAgent.Core.Address;
using SmmAgent.Core.Network;
using SmmAgent.Linux.Files;

namespace SmmAgent.Linux.State;

/// <summary>Keeps the last known external address across a restart.</summary>
public sealed class LastKnownAddressFile(string path)
{
    private const int MaximumBytes = 4096;

    /// <summary>Reads the address. A file that cannot be used is reported in <paramref name="problem"/> and otherwise ignored.</summary>
    public LastKnownAddress? Read(out string? problem)
    {
        problem = null;
        try
        {
            if (AtomicFile.ReadLimited(path, MaximumBytes, isAgents: true) is not { } content)
                return null;

            if (JsonInput.Read(content, Stored.Read) is { } stored
                && NameRules.IsIPAddress(stored.Address)
                && IPAddress.Parse(stored.Address) is var address
                && IsUsable(address, stored.Source))
            {
                return new(AddressRules.Normalize(address), stored.Source, stored.Network, stored.ConfirmedAt);
            }

            problem = "it holds no usable address";
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception) || exception is JsonException)
        {
            problem = exception is JsonException json ? JsonErrorText.From(json) : FileErrors.Describe(exception);
        }

        return null;
    }

    /// <summary>Replaces the file.</summary>
    /// <returns>The reason why the file could not be written; null on success.</returns>
    public string? Write(LastKnownAddress address)
    {
        var stored = new Stored(address.Value.ToString(), address.Source, address.Network, address.ConfirmedAt);
        try
        {
            AtomicFile.Write(path, stored.Write(), AtomicFile.Private);
            return null;
        }
        catch (Exception exception) when (FileErrors.IsExpected(exception))
        {
            return FileErrors.Describe(exception);
        }
    }

    private static bool IsUsable(IPAddress address, string source) => source is AddressDecision.RouteSource or AddressProvider.DashboardWord
        ? AddressRules.ValidateOwn(address) is null
        : AddressRules.ValidateExternal(address) is null;

    internal sealed record Stored(string Address, string Source, string? Network, DateTimeOffset ConfirmedAt)
    {
        public static Stored Read(JsonInput json) => new(
            json.Required("address").Text(),
            json.Required("source").Text(),
            json.Required("network").TextOrNull(),
            json.Required("confirmedAt").Time());

        public byte[] Write() => JsonOutput.Write(this, static (writer, stored) =>
        {
            writer.WriteString("address", stored.Address);
            writer.WriteString("source", stored.Source);
            writer.WriteString("network", stored.Network);
            writer.WriteTime("confirmedAt", stored.ConfirmedAt);
        });
    }
}
