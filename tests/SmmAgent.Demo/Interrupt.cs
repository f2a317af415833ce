namespace SmmAgent.Demo;

/// <summary>Waits for Ctrl+C, which then does not end the process.</summary>
internal static class Interrupt
{
    public static async Task WaitAsync()
    {
        var pressed = new TaskCompletionSource();
        void OnPress(object? sender, ConsoleCancelEventArgs args)
        {
            args.Cancel = true;
            pressed.TrySetResult();
        }

        Console.CancelKeyPress += OnPress;
        await pressed.Task;
        Console.CancelKeyPress -= OnPress;
    }
}
