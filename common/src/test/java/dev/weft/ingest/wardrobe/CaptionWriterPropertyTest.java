package dev.weft.ingest.wardrobe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import net.jqwik.api.Assume;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class CaptionWriterPropertyTest {
  @Property(tries = 2000)
  void twoCaptionsDetermineEveryChangeAndNothingElse(
      @ForAll Category category,
      @ForAll @IntRange(max = 1439) int reference,
      @ForAll @IntRange(max = 1439) int target,
      @ForAll long seed) {
    Assume.that(reference != target);
    Garment from = Garment.of(category, reference);
    Garment to = Garment.of(category, target);

    List<RelativeCaption> captions = CaptionWriter.pair(from, to, new SplittableRandom(seed));

    assertThat(captions).hasSize(2);
    assertThat(captions.get(0).text()).isNotBlank().isNotEqualTo(captions.get(1).text());
    Set<Attribute> mentioned = EnumSet.noneOf(Attribute.class);
    Set<Attribute> determined = EnumSet.noneOf(Attribute.class);
    for (RelativeCaption caption : captions) {
      assertThat(caption.text()).isNotBlank();
      assertThat(caption.mentioned()).isNotEmpty().containsAll(caption.determined());
      mentioned.addAll(caption.mentioned());
      determined.addAll(caption.determined());
      wordsAppear(caption, to);
    }
    assertThat(mentioned).isEqualTo(from.differences(to));
    assertThat(determined).isEqualTo(from.differences(to));
  }

  @Property(tries = 2000)
  void oneStatementDeterminesEveryChange(
      @ForAll Category category,
      @ForAll @IntRange(max = 1439) int reference,
      @ForAll @IntRange(max = 1439) int target,
      @ForAll long seed) {
    Assume.that(reference != target);
    Garment from = Garment.of(category, reference);
    Garment to = Garment.of(category, target);

    RelativeCaption caption = CaptionWriter.statement(from, to, new SplittableRandom(seed));

    assertThat(caption.text()).matches("(is|has|does not have) .*");
    assertThat(caption.determined()).isEqualTo(from.differences(to));
    assertThat(caption.aspects().contains(Aspect.STATEMENT_WITH_CONJUNCTION))
        .isEqualTo(from.differences(to).size() > 1);
    wordsAppear(caption, to);
  }

  @Property(tries = 20)
  void captionsOfOneChangeVary(@ForAll @IntRange(max = 1400) int reference) {
    Garment from = Garment.of(Category.DRESS, reference);
    Garment to = Garment.of(Category.DRESS, reference + 31);
    Set<String> texts = new HashSet<>();
    for (int seed = 0; seed < 50; seed++) {
      CaptionWriter.pair(from, to, new SplittableRandom(seed))
          .forEach(caption -> texts.add(caption.text()));
    }

    assertThat(texts).hasSizeGreaterThan(30);
  }

  private static void wordsAppear(RelativeCaption caption, Garment target) {
    for (Attribute attribute : caption.determined()) {
      assertThat(Words.of(target, attribute))
          .as("%s of %s in '%s'", attribute, target, caption.text())
          .anyMatch(caption.text()::contains);
    }
  }
}
