using System.Text.Json;
using SmmAgent.Contract;
using SmmAgent.Core.Sidecar.Configuration;
using SmmAgent.Core.Sidecar.Logs;
using SmmAgent.Core.Tokens;

namespace SmmAgent.Core.Sidecar.Status;

/// <summary>Writes and reads the report of the privileged reconcile. Some names of members are those of the first version.</summary>
internal static class ReconcileReportJson
{
    public static byte[] Write(ReconcileReport report) => JsonOutput.Write(report, Write);

    /// <exception cref="JsonException">The text is not a report.</exception>
    public static ReconcileReport? Read(ReadOnlySpan<byte> json) => JsonInput.Read(json, ReadReport);

    private static void Write(Utf8JsonWriter writer, ReconcileReport report)
    {
        writer.WriteObject("token", report.Token, Write);
        writer.WriteTime("tokenModified", report.TokenModified);
        writer.WriteObject("rootCertificate", report.RootCertificate, FoundFileJson.Write);
        writer.WriteObject("certificate", report.Certificate, Write);
        writer.WriteObject("failure", report.Failure, Write);
        writer.WriteObject("refusedToken", report.RefusedToken, Write);
        writer.WriteObject("replacedCertificate", report.ReplacedCertificate, Write);
        writer.WriteObject("crashLoop", report.CrashLoop, Write);
        writer.WriteList("failures", report.Failures, Write);
        writer.WriteBoolean("isUnconfirmed", report.IsUnconfirmed);
    }

    private static void Write(Utf8JsonWriter writer, IstioToken token)
    {
        writer.WriteNumber("verdict", (int)token.Verdict);
        writer.WriteString("why", token.Reason);
        writer.WriteTime("lookAgain", token.ReevaluateAt);
        writer.WriteTime("expires", token.Expires);
    }

    private static void Write(Utf8JsonWriter writer, FoundCertificate certificate)
    {
        writer.WriteString("identity", certificate.Identity);
        writer.WriteTime("notBefore", certificate.NotBefore);
        writer.WriteTime("notAfter", certificate.NotAfter);
        writer.WriteTime("modified", certificate.Modified);
    }

    private static void Write(Utf8JsonWriter writer, SidecarFailure failure)
    {
        writer.WriteString("kind", SidecarFailureKinds.Texts.Text(failure.Kind));
        writer.WriteString("line", failure.Line);
        writer.WriteTime("time", failure.Time);
        writer.WriteTime("since", failure.Since);
        writer.WriteString("subject", failure.Subject);
    }

    private static void Write(Utf8JsonWriter writer, RefusedToken refused)
    {
        writer.WriteNumber("replaced", refused.Replaced);
        writer.WriteTime("last", refused.Last);
    }

    private static void Write(Utf8JsonWriter writer, ReplacedCertificate replaced)
    {
        writer.WriteNumber("replaced", replaced.Replaced);
        writer.WriteTime("last", replaced.Last);
        writer.WriteString("identity", replaced.Identity);
        writer.WriteTime("notBefore", replaced.NotBefore);
    }

    private static void Write(Utf8JsonWriter writer, CrashLoop loop)
    {
        writer.WriteNumber("restarts", loop.Restarts);
        writer.WriteNumber("failures", loop.Failures);
        writer.WriteNumber("holds", loop.Holds);
        writer.WriteTime("heldUntil", loop.HeldUntil);
        writer.WriteBoolean("wasDeaf", loop.WasNotAccepting);
        writer.WriteBoolean("isHeld", loop.IsHeld);
        writer.WriteString("hold", loop.Hold);
    }

    private static void Write(Utf8JsonWriter writer, StepFailure failure)
    {
        writer.WriteString("part", failure.Part.Text());
        writer.WriteString("subject", failure.Subject);
        writer.WriteString("reason", StepFailureReasons.Texts.Text(failure.Reason));
        writer.WriteString("message", failure.Message);
    }

    private static ReconcileReport ReadReport(JsonInput json) => new()
    {
        Token = json.Required("token").Members(ReadToken),
        TokenModified = json.Required("tokenModified").TimeOrNull(),
        RootCertificate = json.Required("rootCertificate").MembersOrNull(FoundFileJson.Read),
        Certificate = json.Optional("certificate").MembersOrNull(ReadCertificate),
        Failure = json.Optional("failure").MembersOrNull(ReadFailure),
        RefusedToken = json.Optional("refusedToken").Members(ReadRefusedToken),
        ReplacedCertificate = json.Optional("replacedCertificate").Members(ReadReplacedCertificate),
        CrashLoop = json.Required("crashLoop").Members(ReadCrashLoop),
        Failures = json.Required("failures").List(failure => failure.MembersOrNull(ReadStepFailure)!),
        IsUnconfirmed = json.Optional("isUnconfirmed").Flag(),
    };

    private static IstioToken ReadToken(JsonInput json) => new(
        (TokenVerdict)json.Required("verdict").Number(),
        json.Required("why").Text(),
        json.Required("lookAgain").TimeOrNull(),
        json.Optional("expires").TimeOrNull());

    private static FoundCertificate ReadCertificate(JsonInput json) => new(
        json.Required("identity").TextOrNull(),
        json.Required("notBefore").Time(),
        json.Required("notAfter").Time(),
        json.Required("modified").Time());

    private static SidecarFailure ReadFailure(JsonInput json) =>
        new(SidecarFailureKinds.Texts.Parse(json.Required("kind").Text()), json.Required("line").Text())
        {
            Time = json.Optional("time").TimeOrNull(),
            Since = json.Optional("since").TimeOrNull(),
            Subject = json.Optional("subject").TextOrNull(),
        };

    private static RefusedToken ReadRefusedToken(JsonInput json) =>
        new(json.Optional("replaced").Number(), json.Optional("last").TimeOrNull());

    private static ReplacedCertificate ReadReplacedCertificate(JsonInput json) => new(
        json.Optional("replaced").Number(), json.Optional("last").TimeOrNull(), json.Optional("identity").TextOrNull());

    private static CrashLoop ReadCrashLoop(JsonInput json) => new(
        json.Optional("restarts").Number(),
        json.Optional("failures").Number(),
        json.Optional("holds").Number(),
        json.Optional("heldUntil").TimeOrNull(),
        json.Optional("wasDeaf").Flag());

    private static StepFailure ReadStepFailure(JsonInput json) => new(
        ReconcileParts.Parse(json.Required("part").Text()),
        json.Required("subject").Text(),
        StepFailureReasons.Texts.Parse(json.Required("reason").Text()),
        json.Required("message").Text());
}
