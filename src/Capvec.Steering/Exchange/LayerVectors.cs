using System.Globalization;
using Capvec.Formats.Errors;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Exchange;

/// <summary>
/// Collects the vectors of a file under the file's own numbers and makes directions of them: layers as Capvec counts them, length 1, the length they had kept as
/// <see cref="Direction.Scale"/>. What is changed or left out is said in notes.
/// </summary>
/// <param name="path">What messages call the file.</param>
/// <param name="reading">What its numbers count.</param>
internal sealed class LayerVectors(string path, LayerReading reading)
{
    // What storing a unit vector in 16 bits explains.
    private const double UnitTolerance = 1e-2;

    private readonly List<Direction> _directions = [];
    private readonly List<string> _notes = [];
    private readonly List<int> _numbers = [];

    /// <summary>Adds a vector.</summary>
    /// <param name="number">Its number in the file.</param>
    /// <param name="vector">[hidden], of any length.</param>
    /// <param name="margin">See <see cref="Direction.Margin"/>.</param>
    /// <param name="residualNorm">See <see cref="Direction.ResidualNorm"/>.</param>
    /// <param name="scale">The length to keep where it is not the vector's own.</param>
    /// <exception cref="CapvecException">The number is not of a layer, or the vector no direction.</exception>
    public void Add(int number, ReadOnlySpan<float> vector, double? margin = null, double? residualNorm = null, double? scale = null)
    {
        if (number < 0)
            throw new CapvecException($"{path}: the layer number {number} is below 0.");
        if (reading.Block is not null && _numbers.Count > 0)
            throw new CapvecException($"{path} holds several vectors; --layers-are {reading.Word} is for files with one, give resid_post, hidden_states or resid_pre.", exitCode: CapvecException.WrongUsage);
        _numbers.Add(number);
        var layer = reading.Layer(number);
        if (layer < 0)
            return;
        var length = Direction.Length(vector);
        try
        {
            _directions.Add(new Direction(layer, vector, margin, residualNorm) { Scale = scale ?? (Math.Abs(length - 1) <= 1e-6 ? 1 : length) });
        }
        catch (CapvecException e)
        {
            throw new CapvecException($"{path}: {e.Message}", e);
        }
    }

    /// <summary>Adds the rows of a matrix, numbered from 0.</summary>
    /// <exception cref="CapvecException">A row is no direction.</exception>
    public void AddRows(ReadOnlySpan<float> rows, int hidden)
    {
        for (var row = 0; row < rows.Length / hidden; row++)
            Add(row, rows.Slice(row * hidden, hidden));
    }

    /// <summary>The set, whose first note says how the file counts.</summary>
    /// <param name="convention">What the numbers are in the tool's own words, such as "direction.N is added after block N"; null where nobody needs to be told.</param>
    /// <param name="provenance">What the file says about where they come from.</param>
    /// <param name="notes">What else a reader should know.</param>
    /// <exception cref="CapvecException">There is no direction, or they do not fit each other.</exception>
    public DirectionSet Finish(string? convention, DirectionProvenance provenance, IEnumerable<string>? notes = null)
    {
        if (_directions.Count == 0)
            throw new CapvecException(_numbers.Count == 0 ? $"{path} holds no vectors." : $"{path} holds a vector of the embeddings only (--layers-are {reading.Word}), which is no layer.");
        var (from, to) = (_numbers.Min(), _numbers.Max());
        string? counting = null;
        if (convention is not null)
        {
            counting = reading.Block is { } block
                ? $"{convention}; taken as layer {block}, as --layers-are says"
                : $"{convention}; number {from} is {(reading.Layer(from) < 0 ? "the embeddings" : $"layer {reading.Layer(from)}")}{(to > from ? $", number {to} is layer {reading.Layer(to)}" : "")}";
            _notes.Add($"{path}: {counting} (layers are outputs of 0-based blocks)");
        }

        if (_numbers.Any(n => reading.Layer(n) < 0))
            _notes.Add($"{path}: the vector of the embeddings is left out; layers begin after block 0");
        AddLengths();
        _notes.AddRange(notes ?? []);
        return DirectionFile.Noted(_directions, provenance, path, _notes, counting);
    }

    private void AddLengths()
    {
        var other = _directions.Where(d => Math.Abs(d.Scale - 1) > UnitTolerance).OrderBy(d => d.Layer).ToList();
        if (other is [var only])
            _notes.Add(string.Create(CultureInfo.InvariantCulture, $"{path}: the vector of layer {only.Layer} had length {only.Scale:G4} and was brought to 1; its own strength is alpha = {only.Scale:G4}"));
        else if (other.Count > 0)
            _notes.Add(string.Create(CultureInfo.InvariantCulture, $"{path}: {other.Count} vectors had lengths from {other.Min(d => d.Scale):G4} to {other.Max(d => d.Scale):G4} (layer {other[0].Layer} {other[0].Scale:G4}, layer {other[^1].Layer} {other[^1].Scale:G4}) and were brought to 1; each one's own strength is alpha = its length, which is kept"));
    }
}
