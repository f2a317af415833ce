using System.CommandLine;
using SmmAgent.Checks.Execution;
using SmmAgent.Checks.Observations;
using SmmAgent.Cli.Output;
using SmmAgent.Contract;
using SmmAgent.Core.Checks;
using SmmAgent.Core.Settings;
using SmmAgent.Host;

namespace SmmAgent.Cli;

/// <summary><c>smm-agent check</c>: checks every prerequisite and suggests fixes. It changes nothing.</summary>
internal static class CheckCommand
{
    private const string OnWarn = "warn";
    private const string OnFail = "fail";

    public static Command Create(Func<ParseResult, AgentPaths> paths)
    {
        var output = OutputOption.Create();
        var verbose = VerboseOption.Create("show every result, also of passed checks");
        var failed = new Option<bool>("--failed") { Description = "show only failures" };
        var config = ConfigOption.Create();
        var group = GroupArgument();
        var failOn = FailOnOption();
        var command = new Command("check", "Check every prerequisite and suggest fixes.")
        {
            group, output, verbose, failed, failOn, config,
        };
        command.SetAction((parsed, cancel) => RunAsync(
            paths(parsed),
            parsed.GetValue(group) is { } name ? Parse(name) : null,
            OutputOption.Format(parsed, output),
            parsed.GetValue(failOn) == OnWarn,
            new CheckTextOptions(parsed.GetValue(verbose), parsed.GetValue(failed)),
            cancel));
        return command;
    }

    private static async Task<int> RunAsync(
        AgentPaths paths, CheckGroup? group, PrintFormat format, bool failsOnWarning, CheckTextOptions options, CancellationToken cancel)
    {
        var report = await CheckRun.ReportAsync(paths, TimeProvider.System, Environment.IsPrivilegedProcess, cancel, group);
        if (format != PrintFormat.Text)
        {
            var json = CheckJson.Write(report);
            await Console.Out.WriteAsync(StructuredText.Format(json, format));
        }
        else
        {
            var isAttached = DaemonObservation.Read(paths, TimeProvider.System).Status is not null;
            var next = isAttached || group is not null ? null : "sudo smm-agent reconcile";
            await Console.Out.WriteAsync(new CheckText(report, OutputStyle.FromConsole(), options with { Next = next }).Write());
        }

        return report.Summary.Failed > 0 || (failsOnWarning && report.Summary.Warnings > 0) ? ExitCode.Failed : ExitCode.Done;
    }

    private static Argument<string?> GroupArgument()
    {
        var names = Enum.GetValues<CheckGroup>().Select(group => group.Name()).ToArray();
        var argument = new Argument<string?>("GROUP")
        {
            Description = "run only the checks of this group, such as ports; default: all",
            Arity = ArgumentArity.ZeroOrOne,
            HelpName = "GROUP",
        };
        argument.CompletionSources.Add(names);
        argument.Validators.Add(result =>
        {
            if (result.Tokens is not [var token, ..] || names.Contains(token.Value))
                return;

            result.AddError($"there is no group of checks '{NameRules.Shown(token.Value)}'"
                + Spelling.Suggestion(token.Value, names, "the groups are"));
        });
        return argument;
    }

    private static Option<string> FailOnOption()
    {
        var option = new Option<string>("--fail-on")
        {
            Description = "the result with exit code 1", HelpName = $"{OnWarn}|{OnFail}", DefaultValueFactory = _ => OnFail,
        };
        option.CompletionSources.Add(OnWarn, OnFail);
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token, ..] && token.Value is not (OnWarn or OnFail))
                result.AddError(
                    $"--fail-on: '{NameRules.Shown(token.Value)}' is neither {OnWarn} nor {OnFail}; for example: --fail-on {OnWarn}");
        });
        return option;
    }

    private static CheckGroup Parse(string name) => Enum.GetValues<CheckGroup>().First(group => group.Name() == name);
}
