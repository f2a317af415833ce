using System.Runtime.InteropServices;

namespace SmmAgent.Contract.Signing;

/// <summary>
/// The functions of OpenSSL's libcrypto that Ed25519 needs. They are loaded at the first use, so a program that verifies nothing runs
/// without libcrypto.
/// </summary>
/// <remarks>.NET uses the same library for TLS. Its versions 1.1.1, 3 and 4 have these functions with the same signatures.</remarks>
internal sealed unsafe class LibCrypto
{
    public const int KeyType = 1087; // NID_ED25519

    // The order is that of .NET, so that a process loads only one libcrypto.
    private static readonly string[] Names = ["libcrypto.so.3", "libcrypto.so.1.1", "libcrypto.so.4"];

    private static readonly Lazy<LibCrypto?> Loaded = new(Load);

    private LibCrypto(nint library)
    {
        NewPublicKey = (delegate* unmanaged<int, void*, byte*, nuint, void*>)NativeLibrary.GetExport(
            library, "EVP_PKEY_new_raw_public_key");
        NewPrivateKey = (delegate* unmanaged<int, void*, byte*, nuint, void*>)NativeLibrary.GetExport(
            library, "EVP_PKEY_new_raw_private_key");
        GetPublicKey = (delegate* unmanaged<void*, byte*, nuint*, int>)NativeLibrary.GetExport(library, "EVP_PKEY_get_raw_public_key");
        FreeKey = (delegate* unmanaged<void*, void>)NativeLibrary.GetExport(library, "EVP_PKEY_free");
        NewContext = (delegate* unmanaged<void*>)NativeLibrary.GetExport(library, "EVP_MD_CTX_new");
        FreeContext = (delegate* unmanaged<void*, void>)NativeLibrary.GetExport(library, "EVP_MD_CTX_free");
        BeginVerify = (delegate* unmanaged<void*, void*, void*, void*, void*, int>)NativeLibrary.GetExport(library, "EVP_DigestVerifyInit");
        Verify = (delegate* unmanaged<void*, byte*, nuint, byte*, nuint, int>)NativeLibrary.GetExport(library, "EVP_DigestVerify");
        BeginSign = (delegate* unmanaged<void*, void*, void*, void*, void*, int>)NativeLibrary.GetExport(library, "EVP_DigestSignInit");
        Sign = (delegate* unmanaged<void*, byte*, nuint*, byte*, nuint, int>)NativeLibrary.GetExport(library, "EVP_DigestSign");
        ClearErrors = (delegate* unmanaged<void>)NativeLibrary.GetExport(library, "ERR_clear_error");
    }

    /// <summary>Returns null if there is no libcrypto, or it lacks these functions.</summary>
    public static LibCrypto? Find() => Loaded.Value;

    public delegate* unmanaged<int, void*, byte*, nuint, void*> NewPublicKey { get; }

    public delegate* unmanaged<int, void*, byte*, nuint, void*> NewPrivateKey { get; }

    public delegate* unmanaged<void*, byte*, nuint*, int> GetPublicKey { get; }

    public delegate* unmanaged<void*, void> FreeKey { get; }

    public delegate* unmanaged<void*> NewContext { get; }

    public delegate* unmanaged<void*, void> FreeContext { get; }

    public delegate* unmanaged<void*, void*, void*, void*, void*, int> BeginVerify { get; }

    public delegate* unmanaged<void*, byte*, nuint, byte*, nuint, int> Verify { get; }

    public delegate* unmanaged<void*, void*, void*, void*, void*, int> BeginSign { get; }

    public delegate* unmanaged<void*, byte*, nuint*, byte*, nuint, int> Sign { get; }

    /// <summary>A failed call leaves errors in a queue, which a later TLS call of the same thread would treat as its own.</summary>
    public delegate* unmanaged<void> ClearErrors { get; }

    private static LibCrypto? Load()
    {
        foreach (var name in Names)
        {
            if (!NativeLibrary.TryLoad(name, out var library))
                continue;
            try
            {
                return new LibCrypto(library);
            }
            catch (EntryPointNotFoundException)
            {
                // This version is too old; try the next one.
            }
        }

        return null;
    }
}
