package dev.weft.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.WeftException;
import dev.weft.index.IndexColumns.Kind;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FilterTest {
  private static final Map<String, Kind> COLUMNS =
      Map.of(
          "category", Kind.STRING,
          "brand", Kind.STRING,
          "price", Kind.DOUBLE,
          "stock", Kind.BIGINT,
          "sold", Kind.BOOLEAN);

  private static boolean passes(String condition) {
    Map<String, Object> row = new HashMap<>();
    row.put("category", "dress");
    row.put("price", 49.5);
    row.put("stock", 3L);
    row.put("sold", false);
    return Filter.parse(condition, COLUMNS).test(row::get);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "category = 'dress' AND price < 50 | true",
        "category = 'dress' and price < 49.5 | false",
        "price <= 49.5 AND price >= 49.5 | true",
        "stock > 2.5 AND stock != 4 AND stock <> -3e0 | true",
        "category IN ('shirt', 'dress') | true",
        "category NOT IN ('shirt', 'it''s') | true",
        "NOT (category = 'dress' OR price > 1) | false",
        "category = 'a' OR category = 'b' AND price < 1 OR stock = 3 | true",
        "brand = 'x' | false",
        "NOT brand = 'x' | false",
        "brand IS NULL AND price IS NOT NULL | true",
        "brand = 'x' OR price < 50 | true",
        "sold = FALSE | true",
        "brand NOT IN ('x') | false",
      })
  void conditionsMeanWhatSqlMeans(String condition, boolean expected) {
    assertThat(passes(condition)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "colour = 'red' | there is no column 'colour' at character 1",
        "price < | expected a number, as price holds, at character 8",
        "price < 'a' | expected a number, as price holds, at character 9, before ['a']",
        "category < 3 | expected a 'text', as category holds, at character 12, before [3]",
        "sold IN (TRUE, 1) | expected TRUE or FALSE, as sold holds, at character 16, before [1)]",
        "price ~ 3 | there is no such sign at character 7, before [~ 3]",
        "category = 'it | the text has no ' at its end at character 12, before ['it]",
        "(price < 3 | expected ) at character 11",
        "price < 3 category = 'a' | expected AND or OR at character 11",
        "price NOT 3 | expected IN at character 11",
        "price IS 3 | expected NULL at character 10",
      })
  void whatIsWrongIsSaidWithItsPlace(String condition, String message) {
    assertThatThrownBy(() -> Filter.parse(condition, COLUMNS))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot filter by [" + condition + "]")
        .hasMessageContaining(message)
        .hasMessageContaining("[brand, category, price, sold, stock]");
  }

  @Test
  void wholeNumbersThatFloatsCannotTellApartAre() {
    Map<String, Object> row = Map.of("stock", 9_007_199_254_740_993L);

    Filter filter = Filter.parse("stock = 9007199254740993", COLUMNS);
    assertThat(filter.test(row::get)).isTrue();
    filter = Filter.parse("stock = 9007199254740992", COLUMNS);
    assertThat(filter.test(row::get)).isFalse();
  }

  @Test
  void zeroHasNoSign() {
    Map<String, Object> row = Map.of("price", -0.0, "stock", 0L);

    assertThat(Filter.parse("price = 0 AND stock = -0.0", COLUMNS).test(row::get)).isTrue();
  }

  @Test
  void ofSeveralConditionsAllHaveToHold() {
    Map<String, Object> row = Map.of("category", "dress", "price", 3.0);

    Filter both = Filter.all(List.of("category = 'dress'", "price = 1 OR price = 3"), COLUMNS);

    assertThat(both.test(row::get)).isTrue();
    assertThat(both.columns()).containsExactly("category", "price");
    assertThat(Filter.all(List.of("price = 3", "stock = 1"), COLUMNS).test(row::get)).isFalse();
    assertThat(Filter.all(List.of(), COLUMNS).test(row::get)).isTrue();
  }

  @Test
  void theConditionThatIsWrongIsShownAsItWasWritten() {
    List<String> conditions = List.of("category = 'dress'", "price < cheap");

    assertThatThrownBy(() -> Filter.all(conditions, COLUMNS))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot filter by [price < cheap]: expected a number")
        .hasMessageContaining("at character 9, before [cheap]");
  }
}
