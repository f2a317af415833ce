using SmmAgent.Fuzz.Engine;
using SmmAgent.Fuzz.Targets;

// Before anything of the assemblies under test runs: see there.
Coverage.Instance.Begin();
return FuzzCommand.Run(args, AllTargets.List);
