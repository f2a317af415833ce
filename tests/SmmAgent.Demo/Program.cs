// ./build.sh demo [kubernetes] [--keep]: the main job, end to end, on one machine. See docs/demo.md.
using SmmAgent.Testbed;
using SmmAgent.Testbed.Kube;
using SmmAgent.Demo;

var (withKubernetes, keeps) = (args.Contains("kubernetes"), args.Contains("--keep"));
if (args.Except(["kubernetes", "--keep"]).FirstOrDefault() is { } unknown)
{
    Console.Error.WriteLine($"demo: '{unknown}' is not an argument; usage: ./build.sh demo [kubernetes] [--keep]");
    return 2;
}

if ((Programs.Missing() ?? (withKubernetes && KubeAssets.Folder is null
    ? "needs a kube-apiserver, etcd and kubectl: ./build.sh kube-assets" : null)) is { } missing)
{
    Console.Error.WriteLine($"demo: {missing}");
    return 1;
}

var colour = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null or "";
var demo = new DemoOutput(Console.Out, colour);
try
{
    await (withKubernetes ? KubernetesDemo.RunAsync(demo, keeps) : EmbeddedDemo.RunAsync(demo, keeps));
}
catch (Exception exception) when (exception is TimeoutException or InvalidOperationException)
{
    demo.Result(false, exception.Message);
}

return demo.Finish();
