package dev.weft.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.compute.Workers;
import dev.weft.ingest.ImageKey;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class KeyTableTest {
  private static final List<String> CATEGORIES = List.of("dress", "shirt", "toptee", "");

  private static KeyTable table(List<ImageKey> keys, List<String> locations) {
    KeyTable.Builder builder = new KeyTable.Builder(keys.size());
    for (int row = 0; row < keys.size(); row++) {
      ImageKey key = keys.get(row);
      builder.set(row, builder.group(key.dataset(), key.category()), utf8(key.id()));
      builder.describe(row, utf8(locations.get(row)), utf8("number " + row));
    }
    try (Workers workers = new Workers(2)) {
      return builder.build(workers);
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void everyKeyFindsItsRowAndEveryRowItsTexts() {
    List<ImageKey> keys =
        IntStream.range(0, 20_000)
            .mapToObj(i -> new ImageKey("d" + i % 3, CATEGORIES.get(i % 4), "\u00fc" + i / 12))
            .toList();
    List<String> locations =
        IntStream.range(0, keys.size())
            .mapToObj(
                i ->
                    switch (i % 5) {
                      case 0 -> "file:/elsewhere/" + i;
                      case 1 -> "";
                      case 2 -> keys.get(i).id() + "/" + keys.get(i).id();
                      default -> "file:/\u00e4/" + keys.get(i).id() + ".jpg";
                    })
            .toList();
    KeyTable table = table(keys, locations);
    for (int row = 0; row < keys.size(); row++) {
      assertThat(table.key(row)).isEqualTo(keys.get(row));
      assertThat(table.row(keys.get(row))).hasValue(row);
      assertThat(table.location(row)).isEqualTo(locations.get(row));
      assertThat(table.description(row)).isEqualTo("number " + row);
    }
    assertThat(table.row(new ImageKey("d0", "dress", "\u00fc-1"))).isEmpty();
    assertThat(table.row(new ImageKey("d0", "skirt", keys.get(0).id()))).isEmpty();
  }

  @Test
  void locationsThatDifferByTheIdTakeNextToNothing() {
    List<ImageKey> keys =
        IntStream.range(0, 10_000).mapToObj(i -> new ImageKey("d", "", "id-" + i)).toList();
    KeyTable same = table(keys, keys.stream().map(key -> "file:/a.jpg").toList());
    KeyTable byId = table(keys, keys.stream().map(key -> "file:/a/" + key.id() + ".jpg").toList());
    assertThat(byId.bytes() - same.bytes()).isBetween(0L, 10L);
  }

  @Test
  void anImageThatIsThereTwiceIsRefused() {
    ImageKey key = new ImageKey("shop", "dress", "a");
    assertThatThrownBy(() -> table(List.of(key, key), List.of("", "")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the image shop/dress/a is in it twice");
  }

  @Test
  void noRowsAreATableToo() {
    assertThat(table(List.of(), List.of()).row(new ImageKey("d", "", "a"))).isEmpty();
  }
}
