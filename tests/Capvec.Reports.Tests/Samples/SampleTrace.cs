using System.Text.Json;
using Capvec.Agents.Traces;
using Capvec.Experiments.Results;

namespace Capvec.Reports.Tests.Samples;

/// <summary>ATIF traces of made-up trials: the conversation that a trial of that outcome could have been.</summary>
internal static class SampleTrace
{
    private const string Asked = "Terminal:\nroot@box:/app# \nYou marked the task complete. If it is done and checked, reply with \"task_complete\": true again; otherwise go on.";

    private sealed record Turn(string Analysis, string Plan, string[] Commands, bool Done, string Terminal, string[]? Marks = null);

    public static void Write(string folder, TrialRow trial, string replyExtra)
    {
        var file = trial.Task.Split('-')[0] + ".log";
        var shell = "root@box:/app# ";
        Turn[] turns = trial.Reward is 1
            ?
            [
                new($"I have to count the DEBUG lines of {file}.{replyExtra}", $"I will use grep -c on {file}, write the number to answer.txt, then check it.", [$"grep -c DEBUG {file} > answer.txt", "cat answer.txt"], false,
                    $"Terminal:\n{shell}grep -c DEBUG {file} > answer.txt\n{shell}cat answer.txt\n17\n{shell}"),
                new("The result is in place and right.", "The task is done.", [], true, Asked),
                new("The check shows the right result.", "The task is done.", [], true, ""),
            ]
            : trial.Attempt % 2 == 0
                ?
                [
                    new($"I have to count the DEBUG lines of {file}.{replyExtra}", "I will just run it and write to answer.txt.", [$"grep DEBUG {file} > answer.txt"], false, $"Terminal:\n{shell}grep DEBUG {file} > answer.txt\n{shell}"),
                    new("It ran, so the result is right.", "The task is done.", [], true, Asked),
                    new("It ran.", "The task is done.", [], true, ""),
                ]
                :
                [
                    new("Let me look around first. There could be many files here, and some of them could matter." + replyExtra, "I will wait.", [], false, $"Terminal:\n{shell}", ["no_cmd"]),
                    new("Let me look around first.", "I will wait for the terminal.", [], false, $"Terminal:\n{shell}", ["no_cmd"]),
                ];

        var steps = new List<Step>
        {
            new() { StepId = 1, Source = StepSource.User, Message = $"You control a Linux terminal. Solve the task below.\n\nTask:\nHow many lines of /app/{file} contain DEBUG? Write only the number to /app/answer.txt.\n\nTerminal:\n{shell}" },
        };
        foreach (var turn in turns)
        {
            var message = JsonSerializer.Serialize(new { analysis = turn.Analysis, plan = turn.Plan, commands = turn.Commands.Select(c => new { keystrokes = c + "\n", duration = 0.1 }), task_complete = turn.Done });
            steps.Add(new Step
            {
                StepId = steps.Count + 1,
                Source = StepSource.Agent,
                Message = message,
                ToolCalls =
                [
                    .. turn.Commands.Select((c, i) => new ToolCall { ToolCallId = $"call_{steps.Count}_{i + 1}", FunctionName = "bash_command", Arguments = JsonSerializer.SerializeToElement(new { keystrokes = c + "\n", duration = 0.1 }) }),
                    .. turn.Done ? new[] { new ToolCall { ToolCallId = $"call_{steps.Count}_task_complete", FunctionName = "mark_task_complete", Arguments = JsonSerializer.SerializeToElement(new { }) } } : [],
                ],
                Observation = new Observation { Results = [new ObservationResult { Content = turn.Terminal }] },
                Metrics = new Metrics { CompletionTokenIds = [.. message.Chunk(4).Select(c => c.Sum(x => x))], Logprobs = [.. message.Chunk(4).Select(c => -0.01f * (c[0] % 7))] },
                Extra = new StepExtra { Capvec = new TurnRecord { Seed = trial.Seed, Marks = turn.Marks ?? [] } },
            });
        }

        TraceWriter.WriteFile(Path.Combine(folder, trial.TracePath), new Trajectory { SchemaVersion = Trajectory.CurrentVersion, Agent = new AgentInfo { Name = "capvec", Version = "0.1.0" }, Steps = steps });
    }
}
