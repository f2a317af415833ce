using System.Net.Sockets;
using SmmAgent.Linux.Interop;
using Tmds.DBus.Protocol;

namespace SmmAgent.Linux.DBus;

/// <summary>A connection to the system bus: calls with a time limit, and signals.</summary>
/// <remarks>
/// The thread pool reads it, so the bus never waits for the agent, and no thread waits for the bus. It does not connect again: its user
/// opens another.
/// </remarks>
public sealed class BusConnection : IDisposable
{
    /// <summary>firewalld answers within a second; polkit may ask a person first.</summary>
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(20);

    private readonly DBusConnection _connection;
    private readonly Task _connected;
    private readonly TimeSpan _answerTime;

    private BusConnection(Socket socket, TimeSpan answerTime)
    {
        _connection = new(new BusConnectionOptions(new BusStream(new NetworkStream(socket, ownsSocket: true))));
        _answerTime = answerTime;
        _connected = _connection.ConnectAsync().AsTask();
    }

    /// <summary>Begins to connect. Does not wait until the bus has accepted this user: the first call or subscription does.</summary>
    /// <param name="address">Default: the system bus.</param>
    /// <param name="answerTime">How long a call waits for its answer. Default: 20 s.</param>
    /// <exception cref="DBusException">No process listens at the address.</exception>
    public static BusConnection Open(string? address = null, TimeSpan? answerTime = null) =>
        new(BusAddress.Connect(address ?? BusAddress.System), answerTime ?? AnswerTime);

    /// <summary>Makes a call that changes something and answers nothing.</summary>
    /// <param name="cancel">Cancels the call before it is sent. After that its outcome would be unknown, so the answer is awaited.</param>
    /// <exception cref="DBusException">The call failed.</exception>
    public async Task ChangeAsync(BusCall call, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        await UseAsync(
            async () =>
            {
                await _connection.CallMethodAsync(call.Write(_connection)).ConfigureAwait(false);
                return true;
            },
            CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Makes a call that changes something, and reads its answer.</summary>
    /// <inheritdoc cref="ChangeAsync(BusCall, CancellationToken)"/>
    /// <inheritdoc cref="ReadAsync"/>
    public async Task<T> ChangeAsync<T>(BusCall call, string signature, BodyReader<T> read, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        return await ReadAsync(call, signature, read, CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Makes a call that changes nothing, and reads its answer.</summary>
    /// <param name="signature">The types that the answer must have. The reader trusts them.</param>
    /// <exception cref="DBusException">The call failed, or the answer has other types.</exception>
    public Task<T> ReadAsync<T>(BusCall call, string signature, BodyReader<T> read, CancellationToken cancel) =>
        UseAsync(() => _connection.CallMethodAsync(call.Write(_connection), (message, _) => Read(message, signature, read)), cancel);

    /// <summary>Asks the bus for the signals of a match rule.</summary>
    /// <param name="handle">Called for each signal, on a thread of the pool, one signal at a time.</param>
    public Task SubscribeAsync(MatchRule rule, Action handle, CancellationToken cancel) =>
        UseAsync(
            () => _connection.AddMatchAsync(rule, (Notification _) => handle(), emitOnCapturedContext: false, ObserverFlags.None).AsTask(),
            cancel);

    /// <summary>Asks the bus for the signals of a match rule, and reads each.</summary>
    /// <param name="signature">The types that the signal must have; others end the connection.</param>
    /// <param name="handle">Called for each signal, on a thread of the pool, one signal at a time.</param>
    public Task SubscribeAsync<T>(MatchRule rule, string signature, BodyReader<T> read, Action<T> handle, CancellationToken cancel) =>
        UseAsync(
            () => _connection.AddMatchAsync(
                rule,
                (message, _) => Read(message, signature, read),
                (Notification<T> signal) => handle(signal.Value),
                emitOnCapturedContext: false,
                ObserverFlags.None).AsTask(),
            cancel);

    /// <summary>Offers an object to other connections, under a name.</summary>
    /// <exception cref="DBusException">The policy of the bus does not admit the name, or another connection has it.</exception>
    public Task ExportAsync(string name, BusObject exported, CancellationToken cancel) => UseAsync(
        async () =>
        {
            _connection.AddMethodHandler(exported.Handler);
            return await _connection.TryRequestNameAsync(name, RequestNameOptions.None).ConfigureAwait(false)
                ? true
                : throw new DBusException(DBusException.NameIsTaken, $"another program has the name {name}");
        },
        cancel);

    /// <summary>Waits until the connection ends.</summary>
    /// <returns>The reason.</returns>
    public async Task<DBusException> DisconnectedAsync() => Disconnected(await _connection.DisconnectedAsync().ConfigureAwait(false));

    public void Dispose() => _connection.Dispose();

    private async Task<T> UseAsync<T>(Func<Task<T>> use, CancellationToken cancel)
    {
        try
        {
            return await ConnectedAsync().WaitAsync(_answerTime, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new DBusException(DBusException.NoReply, $"no answer within {_answerTime.TotalSeconds:0} s");
        }
        catch (DBusErrorReplyException exception)
        {
            throw new DBusException(exception.ErrorName, exception.ErrorMessage);
        }
        catch (DBusMessageException exception)
        {
            throw new DBusException(DBusException.InvalidSignature, $"the answer cannot be read: {exception.Message}");
        }
        catch (DBusConnectionException exception)
        {
            throw Disconnected(exception.InnerException ?? exception);
        }
        finally
        {
            // The library completes a call on the thread that reads the connection. The caller must not continue there: it may wait for
            // another call.
            await Task.Yield();
        }

        async Task<T> ConnectedAsync()
        {
            await _connected.ConfigureAwait(false);
            return await use().ConfigureAwait(false);
        }
    }

    private static T Read<T>(Message message, string signature, BodyReader<T> read)
    {
        if (message.SignatureAsString != signature)
            throw new DBusReadException($"it has the types '{message.SignatureAsString}' instead of '{signature}'");
        var body = message.GetBodyReader();
        return read(ref body);
    }

    private static DBusException Disconnected(Exception? reason) => new(DBusException.NoReply, reason switch
    {
        MessageTooLargeException => reason.Message,
        DBusConnectFailedException => $"the system bus did not accept the connection: {reason.Message}",
        _ => "the system bus ended the connection",
    });

    /// <summary>Has the library use a stream that is already connected.</summary>
    private sealed class BusConnectionOptions(Stream stream) : DBusConnectionOptions
    {
        // Without a machine id of its own the library reads a file of the host. No other process asks the agent for it.
        private static readonly string NoMachineId = Guid.Empty.ToString("N");

        protected override ValueTask<SetupResult> SetupAsync(CancellationToken cancellationToken) => new(new SetupResult
        {
            ConnectionStream = stream,
            UserId = $"{Libc.GetEffectiveUser()}",
            MachineId = NoMachineId,
        });
    }
}
