namespace SmmAgent.Contract.Tests;

public sealed class EnvironmentNamesTests
{
    [Theory]
    [InlineData("PATH")]
    [InlineData("IFS")]
    [InlineData("ENV")]
    [InlineData("BASH_ENV")]
    [InlineData("BASHOPTS")]
    [InlineData("SHELLOPTS")]
    [InlineData("PS4")]
    [InlineData("PROMPT_COMMAND")]
    [InlineData("POSIXLY_CORRECT")]
    [InlineData("USER")]
    public void VariableThatAShellObeysIsRefused(string key) => Refused(key);

    [Theory]
    [InlineData("ISTIO_BIN_BASE")]
    [InlineData("EXEC_USER")]
    [InlineData("ISTIO_AGENT_FLAGS")]
    [InlineData("ISTIO_LOG_DIR")]
    [InlineData("POD_NAME")]
    [InlineData("ISTIO_INBOUND_INTERCEPTION_MODE")]
    public void VariableThatIstiosStartScriptRunsAsACommandIsRefused(string key) => Refused(key);

    [Theory]
    [InlineData("LD_PRELOAD")]
    [InlineData("GCONV_PATH")]
    [InlineData("XTABLES_LIBDIR")]
    [InlineData("IPTABLES_LIB_DIR")]
    public void VariableThatMakesProgramsLoadCodeIsRefused(string key) => Refused(key);

    [Theory]
    [InlineData("OUTPUT_PATHS")]
    [InlineData("NETWORK_NAMESPACE")]
    public void VariableThatMakesIstioIptablesWriteAFileIsRefused(string key) => Refused(key);

    [Theory]
    [InlineData("1A")]
    [InlineData("A-B")]
    [InlineData("A B")]
    [InlineData("A=B")]
    [InlineData("A\nB")]
    [InlineData("\u00c4")]
    [InlineData("")]
    public void InvalidVariableNameIsRefused(string key) =>
        Assert.Contains("is not the name of an environment variable", EnvironmentNames.Rule(key), StringComparison.Ordinal);

    [Theory]
    [InlineData("ISTIO_META_DNS_CAPTURE")]
    [InlineData("ISTIO_META_DNS_AUTO_ALLOCATE")]
    [InlineData("IPTABLES_TRACE_LOGGING")]
    [InlineData("GOMAXPROCS")]
    [InlineData("http_proxy")]
    [InlineData("_x")]
    public void VariableThatMeshesSetIsAccepted(string key) => Assert.Null(EnvironmentNames.Rule(key));

    private static void Refused(string key) => Assert.Contains($"'{key}'", EnvironmentNames.Rule(key), StringComparison.Ordinal);
}
