using System.Security.Cryptography.X509Certificates;

namespace SmmAgent.Fuzz.Targets;

/// <summary>A certificate with a SPIFFE id. Its bytes are the same in every run, so that a run can be repeated.</summary>
internal static class TestCertificate
{
    public const string Pem = """
        -----BEGIN CERTIFICATE-----
        MIIBrjCCAVSgAwIBAgIURvSK4V1GODHowQFN1+cTt9IaY5EwCgYIKoZIzj0EAwIw
        DzENMAsGA1UEAwwEZnV6ejAgFw0yNjExMjgyMTUzMTNaGA8yMTI2MTEwNDIxNTMx
        M1owDzENMAsGA1UEAwwEZnV6ejBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABDkU
        3PE+KeU71kph72aSiQnMnJ2a/YFW2ooGrX2GofRsqsFG0VTwaH1MPuAyNq61zw/y
        6R1SILdg7WV6Yi4sdyyjgYswgYgwHQYDVR0OBBYEFNwP8+zfbci0vAbzoM+9IXyV
        RVPDMB8GA1UdIwQYMBaAFNwP8+zfbci0vAbzoM+9IXyVRVPDMA8GA1UdEwEB/wQF
        MAMBAf8wNQYDVR0RAQH/BCswKYYnc3BpZmZlOi8vY2x1c3Rlci5sb2NhbC9ucy92
        bS9zYS9kZWZhdWx0MAoGCCqGSM49BAMCA0gAMEUCIH77ShgDY1thkadMaprUiIz0
        Zm5Rol22TtHgrPs82/lhAiEAmeW/wACH7R+aDQS0cQkhZZNG7YC2SbVQOxrsbXLD
        dZs=
        -----END CERTIFICATE-----

        """;

    public static byte[] Der { get; } = X509Certificate2.CreateFromPem(Pem).RawData;
}
