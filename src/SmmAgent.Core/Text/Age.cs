namespace SmmAgent.Core.Text;

/// <summary>A duration for people: one number and one unit.</summary>
public static class Age
{
    public static string Text(TimeSpan age) => age switch
    {
        { TotalSeconds: < 1 } => "0s", // the clock may have been set back
        { TotalMinutes: < 1 } => $"{(int)age.TotalSeconds}s",
        { TotalHours: < 1 } => $"{(int)age.TotalMinutes}m",
        { TotalDays: < 1 } => $"{(int)age.TotalHours}h",
        _ => $"{(int)age.TotalDays}d",
    };
}
