using CsCheck;
using SmmAgent.Core.Sidecar.Logs;

namespace SmmAgent.Core.Tests.Sidecar.Logs;

/// <summary>How a line of the sidecar's log is shown: short, printable and without tokens.</summary>
public sealed class ShownLogLineTests
{
    private static readonly DateTimeOffset Now = SidecarLogTests.Now;

    [Fact]
    public void LongLineIsShownAroundItsPhrase()
    {
        var line = SidecarLogTests.At(
            -60,
            $"warn\tsds\t{new string('x', 40_000)} rpc error: dial tcp 10.10.10.11:15012: connect: connection refused "
                + $"{new string('y', 40_000)}");
        var shown = SidecarLogTests.Newest(line)!.Line;
        Assert.Contains(" dial tcp 10.10.10.11:15012: connect: connection refused ", shown, StringComparison.Ordinal);
        Assert.StartsWith("...", shown, StringComparison.Ordinal);
        Assert.EndsWith("...", shown, StringComparison.Ordinal);
    }

    [Theory, InlineData(0), InlineData(1)]
    public void LineIsNotCutInsideACharacterAndNotTooLong(int shift)
    {
        var emoji = string.Concat(Enumerable.Repeat("😀", 200));

        var log = emoji + new string('-', shift) + " rpc error: code = Unauthenticated desc = authentication failure "
            + new string('-', 400);
        var line = SidecarLogTests.Newest(log)!.Line;

        Assert.InRange(line.Length, SidecarLog.MostShown, SidecarLog.MostShown + 6);
        Assert.Equal(line, string.Concat(line.EnumerateRunes()));
        Assert.DoesNotContain('\ufffd', line);
    }

    [Fact]
    public void TokensAreNotShownAndAnyLineIsAccepted()
    {
        const string Jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzeXN0ZW06c2VydmljZWFjY291bnQ6dm1zOmxlZGdlciJ9.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg";
        var piece = Gen.OneOf(
            OneOf("\n", "\r\n", "\t", "\0", "\e[31m", "\u2028", "\ud800", "😀", " ", "{", "[", "\"", "\\", "2024-05-01T11:59:00.000001Z\t",
                "0001-01-01T00:00:00Z ",
                "[9999-12-31 23:59:59.999][1]", "warning\tenvoy ", "{\"msg\":\"", "rpc error: code = Unauthenticated desc = ",
                "authentication failure", "cannot find WorkloadGroup ",
                "x509: ", "address already in use", "failed to fetch token from file: ", "Envoy proxy is ready"),
            OneOf($"Bearer {Jwt} ", $" {Jwt} ", $"token={Jwt} "),
            Gen.String);
        Gen.Select(piece.Array[0, 60], piece.Array[0, 60], Gen.Bool).Sample((errors, log, dated) =>
        {
            DateTimeOffset? written = dated ? Now : null;
            if (SidecarLog.NewestFailure(
                new(string.Concat(errors), written), new(string.Concat(log), written), dated ? Now.AddYears(-1) : null, Now)
                is not { } failure)
                return;

            Assert.InRange(failure.Line.Length, 1, SidecarLog.MostShown + 6);
            Assert.DoesNotContain(failure.Line, char.IsControl);
            Assert.DoesNotContain('\u2028', failure.Line);
            Assert.DoesNotContain("c2lnbmF0dXJl", failure.Line, StringComparison.Ordinal);
            Assert.NotEmpty(failure.Description);
            Assert.NotEmpty(failure.Remediation);
        });
    }

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}
