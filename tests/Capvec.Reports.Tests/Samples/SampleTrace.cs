using System.Text.Json;
using Capvec.Experiments.Results;

namespace Capvec.Reports.Tests.Samples;

/// <summary>ATIF traces of made-up trials: the conversation that a trial of that outcome could have been.</summary>
internal static class SampleTrace
{
    public static void Write(string folder, TrialRow trial, string replyExtra)
    {
        var path = Path.Combine(folder, trial.TracePath);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var file = trial.Task.Split('-')[0] + ".log";
        var turns = trial.Reward is 1
            ? new (string Analysis, string Plan, string[] Commands, bool Done, string Terminal)[]
            {
                ($"I have to count the lines of {file} that match.{replyExtra}", $"I will use grep -c on {file}, write the number to answer.txt, then check it.",
                    [$"grep -c DEBUG {file} > answer.txt", "cat answer.txt"], false, $"Terminal:\nroot@box:/app# grep -c DEBUG {file} > answer.txt\nroot@box:/app# cat answer.txt\n17\nroot@box:/app# "),
                ("The result is in place and right.", "The task is done.", [], true, "Terminal:\nroot@box:/app# \nYou marked the task complete. If it is done and checked, reply with \"task_complete\": true again; otherwise go on."),
                ("The check shows the right result.", "The task is done.", [], true, ""),
            }
            : trial.Attempt % 2 == 0
                ? [
                    ($"I have to count the lines of {file} that match.{replyExtra}", "I will just run it.", [$"grep DEBUG {file} > answer.txt"], false, $"Terminal:\nroot@box:/app# grep DEBUG {file} > answer.txt\nroot@box:/app# "),
                    ("It ran.", "The task is done.", [], true, "Terminal:\nroot@box:/app# \nYou marked the task complete. If it is done and checked, reply with \"task_complete\": true again; otherwise go on."),
                    ("It ran.", "The task is done.", [], true, ""),
                ]
                : [
                    ("Let me look around first. There could be many files here, and some of them could matter." + replyExtra, "I will wait.", [], false, "Terminal:\nroot@box:/app# "),
                    ("Let me look around first.", "I will wait for the terminal.", [], false, "Terminal:\nroot@box:/app# "),
                ];

        var steps = new List<object> { new { step_id = 1, source = "user", message = $"You control a Linux terminal. Solve the task below.\n\nTask:\nHow many lines of /app/{file} contain DEBUG? Write only the number to /app/answer.txt.\n\nTerminal:\nroot@box:/app# " } };
        foreach (var turn in turns)
        {
            var message = JsonSerializer.Serialize(new { analysis = turn.Analysis, plan = turn.Plan, commands = turn.Commands.Select(c => new { keystrokes = c + "\n", duration = 0.1 }), task_complete = turn.Done });
            var calls = turn.Commands.Select((c, i) => new { tool_call_id = $"call_{steps.Count}_{i + 1}", function_name = "bash_command", arguments = new { keystrokes = c + "\n", duration = 0.1 } });
            steps.Add(new
            {
                step_id = steps.Count + 1,
                source = "agent",
                message,
                tool_calls = calls,
                observation = new { results = new[] { new { content = turn.Terminal } } },
                metrics = new { completion_tokens = message.Length, completion_token_ids = message.Select(c => (int)c) },
            });
        }

        File.WriteAllText(path, JsonSerializer.Serialize(new { schema_version = "ATIF-v1.7", agent = new { name = "capvec", version = "0.1.0" }, steps }));
    }
}
