namespace SmmAgent.Core.Reachability;

/// <summary>The condition texts for an outcome.</summary>
public static class OutcomeTexts
{
    /// <summary>The reason of a condition.</summary>
    public static string Reason(this Outcome outcome) => outcome switch
    {
        Outcome.Ok => "Reachable",
        Outcome.Timeout => "TimedOut",
        Outcome.Captured => "CapturedBySidecar",
        _ => outcome.ToString(),
    };

    /// <summary>What to do about it.</summary>
    public static string Advice(this Outcome outcome) => outcome switch
    {
        Outcome.Refused => "nothing listens there: is it running, and does its service have this port?",
        Outcome.Timeout => "allow it in the firewalls on the path, or check whether it hangs",
        Outcome.Unreachable => "check this VM's routes and its own firewall",
        Outcome.NoSuchName => "check this VM's name servers (/etc/resolv.conf) and the name",
        Outcome.WrongCertificate => "something else answers there, or the certificate authority has changed",
        Outcome.ExpiredCertificate => "renew the certificate, and check that this VM's clock is right",
        Outcome.NotReady => "check its logs",
        Outcome.Captured => "the condition says what to do: smm-agent status",
        _ => "",
    };

    /// <summary>How specific an outcome is. The most specific of several outcomes becomes the reason.</summary>
    public static int Weight(this Outcome outcome) => outcome switch
    {
        Outcome.WrongCertificate => 7,
        Outcome.ExpiredCertificate => 6,
        Outcome.NotReady => 5,
        Outcome.Refused => 4,
        Outcome.NoSuchName => 3,
        Outcome.Unreachable => 2,
        Outcome.Timeout => 1,
        _ => 0,
    };
}
