using SmmAgent.Fuzz.Engine;
using SmmAgent.Fuzz.Targets;

// It must run before the assemblies under test: see Coverage.Instance.
Coverage.Instance.Begin();
return FuzzCommand.Run(args, AllTargets.List);
