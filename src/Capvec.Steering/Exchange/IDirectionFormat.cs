using Capvec.Formats.Errors;
using Capvec.Steering.Directions;

namespace Capvec.Steering.Exchange;

/// <summary>A form in which a tool keeps directions. It knows that tool's counting of layers, and says so in a note of every set that it reads.</summary>
internal interface IDirectionFormat
{
    /// <summary>The form's name, as it is shown: "llama.cpp control vector".</summary>
    string Name { get; }

    /// <summary>Whether a file is of this form. Forms are asked in an order in which the particular ones come first.</summary>
    bool Detects(VectorFile file);

    /// <summary>Whether a file that <see cref="Detects"/> is true for says what its layer numbers count; most forms do.</summary>
    bool SaysLayers(VectorFile file) => true;

    /// <summary>Reads a file that <see cref="Detects"/> is true for.</summary>
    /// <param name="file">The file.</param>
    /// <param name="layersAre">What the user says the file's layer numbers count; null for what the form itself says.</param>
    /// <exception cref="CapvecException">The file is broken, or does not say what its numbers count and nor does the user.</exception>
    DirectionSet Read(VectorFile file, LayerReading? layersAre);
}
