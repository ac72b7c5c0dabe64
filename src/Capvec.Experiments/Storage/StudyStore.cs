using System.Globalization;
using System.Text.Json;
using Capvec.Agents.Traces;
using Capvec.Experiments.Results;
using Capvec.Formats.Errors;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Capvec.Experiments.Storage;

/// <summary>
/// A study's finished work: <c>store.sqlite</c> in its output folder, one row a finished trial. A row is written in one transaction,
/// after the trial's trace is on disk, and reaches the disk before the call returns: a process that is killed at any moment leaves
/// every finished trial and no half one. A trace without a row does not count; the trial is run again and the file replaced. Thread-safe.
/// </summary>
public sealed class StudyStore : IDisposable
{
    private const int Version = 1;

    private const string Schema = """
        create table if not exists facts (key text primary key, value text not null) without rowid;
        create table if not exists steps (name text primary key, inputs text not null, finished text not null) without rowid;
        create table if not exists arms (
            stage text not null, position integer not null, name text not null, kind text not null, layers text not null,
            strength real, alpha real, adapter text, planned integer not null, primary key (stage, name)) without rowid;
        create table if not exists trials (
            stage text not null, arm text not null, task text not null, attempt integer not null, seed integer not null,
            reward real, failure text, turns integer not null, tokens integer not null, marks text not null, trace_path text not null,
            tokens_hash text not null, started text not null, seconds real not null, inputs text not null,
            primary key (stage, arm, task, attempt)) without rowid;
        """;

    private readonly SqliteConnection _connection;
    private readonly Lock _gate = new();
    private readonly string _path;

    private StudyStore(SqliteConnection connection, string path) => (_connection, _path) = (connection, path);

    /// <summary>Opens the store of an output folder, and makes it where there is none.</summary>
    /// <exception cref="CapvecException">The file cannot be written, is no store, or is of a later version.</exception>
    public static StudyStore Open(string folder)
    {
        var path = PathIn(folder);
        try
        {
            Directory.CreateDirectory(folder);
            return Connect(path, SqliteOpenMode.ReadWriteCreate);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CapvecException($"cannot write to {folder}: {e.Message} Choose another output folder.", e);
        }
    }

    /// <summary>Opens a store to read results; there must be one.</summary>
    /// <exception cref="CapvecException">There is none, or it is no store.</exception>
    public static StudyStore OpenExisting(string folder)
    {
        var path = PathIn(folder);
        return File.Exists(path)
            ? Connect(path, SqliteOpenMode.ReadWrite)
            : throw new CapvecException($"{folder} holds no study (there is no {Path.GetFileName(path)}); run one with `capvec run study.yaml --out {folder}`.");
    }

    /// <summary>The store's file in an output folder.</summary>
    public static string PathIn(string folder) => Path.Combine(folder, "store.sqlite");

    /// <summary>Writes a finished trial over what its key held; it is on disk when this returns.</summary>
    /// <param name="trial">The trial; its trace is on disk already.</param>
    /// <param name="inputs">Hash of all that the trial depended on.</param>
    /// <exception cref="CapvecException">The disk is full or the file cannot be written; the trial is not recorded.</exception>
    public void Add(TrialRow trial, string inputs) => Do(() => _connection.Execute(
        """
        insert or replace into trials (stage, arm, task, attempt, seed, reward, failure, turns, tokens, marks, trace_path, tokens_hash, started, seconds, inputs)
        values (@Stage, @Arm, @Task, @Attempt, @Seed, @Reward, @Failure, @Turns, @Tokens, @Marks, @TracePath, @TokensHash, @Started, @Seconds, @Inputs)
        """,
        new StoredTrial
        {
            Stage = trial.Stage,
            Arm = trial.Arm,
            Task = trial.Task,
            Attempt = trial.Attempt,
            Seed = unchecked((long)trial.Seed),
            Reward = trial.Reward,
            Failure = trial.Failure,
            Turns = trial.Turns,
            Tokens = trial.Tokens,
            Marks = JsonSerializer.Serialize(trial.Marks),
            TracePath = trial.TracePath,
            TokensHash = trial.TokensHash,
            Started = trial.Started.ToString("O", CultureInfo.InvariantCulture),
            Seconds = trial.Seconds,
            Inputs = inputs,
        }));

    /// <summary>All trials, by stage, task, attempt and arm.</summary>
    public IReadOnlyList<TrialRow> Trials() => Do(() => _connection.Query<StoredTrial>(
        """
        select stage, arm, task, attempt, seed, reward, failure, turns, tokens, marks, trace_path as TracePath, tokens_hash as TokensHash, started, seconds, inputs
        from trials order by stage, task, attempt, arm
        """).Select(ToRow).ToList());

    /// <summary>The inputs of the finished trials of a stage, by key.</summary>
    public IReadOnlyDictionary<TrialKey, string> Inputs(string stage) => Do(() => _connection
        .Query<StoredTrial>("select stage, arm, task, attempt, inputs from trials where stage = @stage", new { stage })
        .ToDictionary(t => new TrialKey(t.Stage, t.Arm, t.Task, (int)t.Attempt), t => t.Inputs));

    /// <summary>Forgets the trials of a stage that are not among some keys (of arms, tasks or attempts that the study does not plan any more).</summary>
    /// <returns>How many were forgotten.</returns>
    public int Keep(string stage, IReadOnlySet<TrialKey> planned) => Do(() =>
    {
        using var transaction = _connection.BeginTransaction();
        var gone = 0;
        foreach (var t in _connection.Query<StoredTrial>("select stage, arm, task, attempt from trials where stage = @stage", new { stage }, transaction).ToList())
        {
            if (!planned.Contains(new(t.Stage, t.Arm, t.Task, (int)t.Attempt)))
                gone += _connection.Execute("delete from trials where stage = @Stage and arm = @Arm and task = @Task and attempt = @Attempt", t, transaction);
        }

        transaction.Commit();
        return gone;
    });

    /// <summary>Forgets the trials that have no reward, so that they are run again.</summary>
    /// <returns>How many were forgotten.</returns>
    public int ForgetNulls() => Do(() => _connection.Execute("delete from trials where reward is null"));

    /// <summary>Notes the arms of a stage in place of those noted before.</summary>
    public void SetArms(string stage, IEnumerable<ArmRow> arms) => Do(() =>
    {
        using var transaction = _connection.BeginTransaction();
        _connection.Execute("delete from arms where stage = @stage", new { stage }, transaction);
        foreach (var arm in arms)
        {
            _connection.Execute(
                """
                insert into arms (stage, position, name, kind, layers, strength, alpha, adapter, planned)
                values (@Stage, @Position, @Name, @Kind, @Layers, @Strength, @Alpha, @Adapter, @Planned)
                """,
                new { arm.Stage, arm.Position, arm.Name, Kind = arm.Kind.ToString(), Layers = JsonSerializer.Serialize(arm.Layers), arm.Strength, arm.Alpha, arm.Adapter, arm.Planned },
                transaction);
        }

        transaction.Commit();
        return 0;
    });

    /// <summary>The arms of all stages, in the order of stage and position.</summary>
    public IReadOnlyList<ArmRow> Arms() => Do(() => _connection
        .Query<(string Stage, long Position, string Name, string Kind, string Layers, double? Strength, double? Alpha, string? Adapter, long Planned)>(
            "select stage, position, name, kind, layers, strength, alpha, adapter, planned from arms order by stage, position")
        .Select(a => new ArmRow(a.Stage, (int)a.Position, a.Name, Enum.Parse<ArmKind>(a.Kind), JsonSerializer.Deserialize<int[]>(a.Layers)!, a.Strength, a.Alpha, a.Adapter, (int)a.Planned))
        .ToList());

    /// <summary>The inputs that a step was last finished with, or null.</summary>
    public string? Step(string name) => Do(() => _connection.QuerySingleOrDefault<string>("select inputs from steps where name = @name", new { name }));

    /// <summary>Notes that a step is finished.</summary>
    public void FinishStep(string name, string inputs, DateTimeOffset now) => Do(() => _connection.Execute(
        "insert or replace into steps (name, inputs, finished) values (@name, @inputs, @finished)",
        new { name, inputs, finished = now.ToString("O", CultureInfo.InvariantCulture) }));

    /// <summary>Notes a fact in place of what was noted before.</summary>
    public void SetFact(string key, string value) => Do(() => _connection.Execute("insert or replace into facts (key, value) values (@key, @value)", new { key, value }));

    /// <summary>A fact, or null.</summary>
    public string? Fact(string key) => Do(() => _connection.QuerySingleOrDefault<string>("select value from facts where key = @key", new { key }));

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private static StudyStore Connect(string path, SqliteOpenMode mode)
    {
        // Without pooling a closed store is closed: its files can be moved or read elsewhere at once.
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false }.ToString());
        var store = new StudyStore(connection, path);
        try
        {
            return store.Do(() =>
            {
                connection.Open();
                connection.Execute("pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 10000;");
                var version = connection.ExecuteScalar<long>("pragma user_version");
                if (version > Version)
                    throw new CapvecException($"{path} was written by a later version of Capvec (store version {version}, this one knows {Version}); use that one.");
                using var transaction = connection.BeginTransaction();
                connection.Execute(Schema + string.Create(CultureInfo.InvariantCulture, $"pragma user_version = {Version};"), transaction: transaction);
                transaction.Commit();
                return store;
            });
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static TrialRow ToRow(StoredTrial t) => new(
        t.Stage, t.Arm, t.Task, (int)t.Attempt, unchecked((ulong)t.Seed), t.Reward, t.Failure, (int)t.Turns, (int)t.Tokens,
        JsonSerializer.Deserialize<TrialMarks>(t.Marks)!, t.TracePath, DateTimeOffset.Parse(t.Started, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind), t.Seconds)
    {
        TokensHash = t.TokensHash,
    };

    private T Do<T>(Func<T> work)
    {
        try
        {
            lock (_gate)
                return work();
        }
        catch (SqliteException e)
        {
            throw new CapvecException(
                e.SqliteErrorCode switch
                {
                    13 => $"cannot write {_path}: the disk is full. What was finished is kept; free some space, then run the command again.",
                    26 or 11 => $"{_path} is not a store of Capvec, or is damaged ({e.Message}). Move it away and run the study again.",
                    5 or 6 => $"{_path} is in use by another program; wait until that is done, then run the command again.",
                    _ => $"cannot use {_path}: {e.Message}. Check the disk and the folder's permissions, then run the command again.",
                },
                e);
        }
    }
}
