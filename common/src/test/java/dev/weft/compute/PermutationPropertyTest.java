package dev.weft.compute;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class PermutationPropertyTest {

  @Property(tries = 200)
  void everyNumberIsHitOnce(@ForAll @IntRange(min = 1, max = 2000) int size, @ForAll long key) {
    Permutation permutation = new Permutation(size, key);

    assertThat(IntStream.range(0, size).map(permutation::apply).sorted().toArray())
        .isEqualTo(IntStream.range(0, size).toArray());
  }

  @Property(tries = 20)
  void otherKeysGiveOtherOrders(@ForAll long key) {
    int[] one = IntStream.range(0, 100).map(new Permutation(100, key)::apply).toArray();
    int[] two = IntStream.range(0, 100).map(new Permutation(100, key + 1)::apply).toArray();

    assertThat(one).isNotEqualTo(two);
  }
}
