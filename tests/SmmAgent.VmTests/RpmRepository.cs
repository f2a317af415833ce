namespace SmmAgent.VmTests;

/// <summary>A repository for dnf in the testbed's folder: some rpms, and an empty package that provides what they require.</summary>
internal sealed class RpmRepository
{
    private readonly string _folder;

    private RpmRepository(string folder) => _folder = folder;

    /// <param name="others">Rpms that are not in the repository but must be installable.</param>
    public static RpmRepository Make(string testbedFolder, string rpm, params IReadOnlyList<string> others)
    {
        var repository = new RpmRepository(Directory.CreateDirectory(Path.Combine(testbedFolder, "repository")).FullName);
        repository.Add(rpm);
        repository.AddSystem([rpm, .. others]);
        return repository;
    }

    public void Add(string rpm) => File.Copy(rpm, Path.Combine(_folder, Path.GetFileName(rpm)), overwrite: true);

    /// <summary>Makes the index of the repository on the VM, and adds it to the configuration of dnf.</summary>
    public void AddTo(BootedVm vm)
    {
        File.WriteAllText(
            Path.Combine(_folder, "testbed.repo"),
            "[testbed]\nname=testbed\nbaseurl=file:///srv/repository\ngpgcheck=0\nmetadata_expire=0\n");
        vm.Run("rm", "-rf", "/srv/repository");
        vm.Run("cp", "-r", "/mnt/repository", "/srv/repository");
        vm.Run("createrepo_c", "--quiet", "/srv/repository");
        vm.Run("install", "-D", "-m", "0644", "/mnt/repository/testbed.repo", "/etc/yum.repos.d/testbed.repo");
    }

    // No rpm contains the files of Debian.
    private void AddSystem(IReadOnlyList<string> rpms)
    {
        var required = Shell.Run(["rpm", "-qp", "--requires", .. rpms]).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            // The first of "(one or another)".
            .Select(line => line.Split(' ')[0].TrimStart('('))
            .Where(name => !name.StartsWith("rpmlib(", StringComparison.Ordinal)).Distinct();
        var spec = Path.Combine(_folder, "system.spec");
        File.WriteAllText(
            spec,
            $"""
            Name: system
            Version: 1
            Release: 1
            Summary: The system below the packages
            License: none
            BuildArch: noarch
            {string.Join('\n', required.Select(name => $"Provides: {name}"))}
            %description
            The rest of this system is no rpm.
            %files

            """);
        Shell.Run("rpmbuild", "-bb", "--quiet", "--define", $"_topdir {_folder}/build", "--define", $"_rpmdir {_folder}", "--define",
            "_rpmfilename %{NAME}.rpm", spec);
        Directory.Delete(Path.Combine(_folder, "build"), recursive: true);
    }
}
