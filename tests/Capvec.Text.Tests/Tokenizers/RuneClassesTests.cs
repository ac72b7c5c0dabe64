using System.Globalization;
using System.Text;
using Capvec.Text.Tokenizers;

namespace Capvec.Text.Tests.Tokenizers;

/// <summary>The generated table against .NET's own, which comes from the same database by another way.</summary>
public class RuneClassesTests
{
    [Fact]
    public void Every_code_point_has_the_class_of_its_category()
    {
        var differing = new List<int>();
        for (var point = 0; point < 0x110000; point++)
        {
            var category = CharUnicodeInfo.GetUnicodeCategory(point);
            var expected = point < 0x10000 && char.IsWhiteSpace((char)point) ? RuneClass.Space : category switch
            {
                <= UnicodeCategory.OtherLetter => RuneClass.Letter,
                UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => RuneClass.Mark,
                UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => RuneClass.Number,
                _ => RuneClass.Other,
            };
            if (RuneClasses.Of(point) != expected)
                differing.Add(point);
        }

        differing.ShouldBeEmpty();
    }

    [Fact]
    public void A_character_is_looked_up_in_utf16_as_by_its_code_point()
    {
        foreach (var point in Enumerable.Range(0, 0x110000).Where(point => point is < 0xD800 or > 0xDFFF && point % 7 == 0))
        {
            var text = new Rune(point).ToString();
            RuneClasses.At(text, 0, out var length).ShouldBe(RuneClasses.Of(point));
            length.ShouldBe(text.Length);
            RuneClasses.At(text, length, out var behind).ShouldBe(RuneClass.End);
            behind.ShouldBe(0);
        }
    }
}
