using System.Text.RegularExpressions;

namespace SmmAgent.InstallTests;

/// <summary>The samples below deploy for provisioning tools. AutomationTests runs them on a VM.</summary>
public sealed partial class DeploySamplesTests
{
    [Theory]
    [InlineData("deploy/ansible")]
    [InlineData("deploy/cloud-init")]
    public void SamplePassesYamllint(string folder)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/yamllint"), "needs yamllint: ./build.sh test installs it");
        Assert.Equal((0, ""), Shell.Try("yamllint", "--strict", "-c", Repository.PathOf("deploy/.yamllint"), Repository.PathOf(folder)));
    }

    [Fact]
    public void PlaybookPassesTheSyntaxCheck()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/ansible-playbook"), "needs ansible-core: ./build.sh test installs it");
        var (exitCode, output) = Shell.Try(
            TimeSpan.FromMinutes(3), "env", "LC_ALL=C.UTF-8", $"ANSIBLE_ROLES_PATH={Repository.PathOf("deploy/ansible/roles")}",
            "ansible-playbook", "--syntax-check", "-i", "vm,",
            Repository.PathOf("deploy/ansible/site.yml"));
        Assert.True(exitCode == 0, output);
    }

    [Fact]
    public void PlaybookAndRolePassAnsibleLint()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/ansible-lint"), "needs ansible-lint: ./build.sh test installs it");
        var (exitCode, output) = Shell.Try(
            TimeSpan.FromMinutes(3), "env", "--chdir", Repository.PathOf("deploy/ansible"), "LC_ALL=C.UTF-8",
            "ansible-lint", "--offline", "--strict", "--nocolor", "site.yml", "roles/smm_agent");
        Assert.True(exitCode == 0, output);
    }

    [Fact]
    public void EveryVariableOfTheRoleHasADefault()
    {
        var role = Repository.PathOf("deploy/ansible/roles/smm_agent");
        var known = Directory.EnumerateFiles(role, "*.yml", SearchOption.AllDirectories).SelectMany(File.ReadAllLines)
            .Select(line => Regex.Match(line, "^(?:  register: )?(smm_agent_[a-z_]+)").Groups[1].Value)
            .Where(name => name.Length > 0).ToHashSet();
        var used = Directory.EnumerateFiles(role, "*.yml", SearchOption.AllDirectories)
            .SelectMany(file => Regex.Matches(File.ReadAllText(file), "smm_agent_[a-z_]+").Select(match => match.Value)).ToHashSet();

        Assert.Empty(used.Except(known));
    }

    [Fact]
    public void UserDataIsACloudConfigOfKnownModules()
    {
        var lines = File.ReadAllLines(Repository.PathOf("deploy/cloud-init/user-data.yaml"));

        // cloud-init reads only a file with exactly this first line as a cloud-config.
        Assert.Equal("#cloud-config", lines[0]);
        Assert.Equal(["write_files:", "runcmd:"], lines.Where(line => line.Length > 0 && char.IsLetter(line[0])));
        Assert.All(lines.Where(line => line.StartsWith("  - path:", StringComparison.Ordinal)),
            line => Assert.StartsWith("  - path: /run/smm-agent-join/", line, StringComparison.Ordinal));
        // Without quotes YAML reads an octal number.
        Assert.All(lines.Where(line => line.Contains("permissions:", StringComparison.Ordinal)),
            line => Assert.Matches("permissions: \"0[0-7]{3}\"$", line));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("permissions:", "'permissionsd' was unexpected")]
    public void UserDataHasTheSchemaOfCloudInit(string damaged, string fault)
    {
        var schema = Repository.PathOf("artifacts/cloud-init/schema-cloud-config-v1.json");
        Assert.SkipUnless(File.Exists(schema), "needs the schema of cloud-init: ./build.sh test fetches it");
        Assert.SkipUnless(Directory.Exists("/usr/share/doc/python3-jsonschema"), "needs python3-jsonschema: ./build.sh test installs it");
        const string Validate = "import json, jsonschema, sys, yaml\n"
            + "schema, data = json.load(open(sys.argv[1])), yaml.safe_load(sys.argv[2])\n"
            + "print('; '.join(sorted({error.message for error in jsonschema.Draft4Validator(schema).iter_errors(data)})))";
        var data = File.ReadAllText(Repository.PathOf("deploy/cloud-init/user-data.yaml"));
        if (damaged.Length > 0)
            data = data.Replace(damaged, damaged.Replace(":", "d:", StringComparison.Ordinal), StringComparison.Ordinal);

        var faults = Shell.Run("/usr/bin/python3", "-c", Validate, schema, data).Trim();

        if (fault.Length == 0)
            Assert.Equal("", faults);
        else
            Assert.Contains(fault, faults, StringComparison.Ordinal);
    }

    [Fact]
    public void OpenTofuSampleHasTheCanonicalFormat()
    {
        var lines = File.ReadAllLines(Repository.PathOf("deploy/opentofu/main.tf"));
        var depth = 0;
        for (var at = 0; at < lines.Length; at++)
        {
            var (line, text) = (lines[at], lines[at].Trim());
            Assert.True(line == line.TrimEnd() && !line.Contains('\t', StringComparison.Ordinal),
                $"line {at + 1} has spaces at its end, or a tab");
            var code = Strings().Replace(text, "\"\"");
            if (code.StartsWith('#'))
                continue;
            var closes = code.TakeWhile(c => c is '}' or ']' or ')').Count();
            if (text.Length > 0)
                Assert.True(line.Length - text.Length == 2 * (depth - Math.Min(closes, 1)),
                    $"line {at + 1} is not indented by two spaces a level");
            var change = code.Count(c => c is '{' or '[' or '(') - code.Count(c => c is '}' or ']' or ')');
            // A line that opens or closes several brackets is one level.
            depth += Math.Sign(change);
        }

        Assert.Equal(0, depth);
    }

    [GeneratedRegex("\"(?:[^\"\\\\]|\\\\.)*\"")]
    private static partial Regex Strings();
}
