package dev.weft.index;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class PackedNumbersTest {
  @Test
  void numbersOfAnyNumberOfBitsComeBack() {
    for (int bits = 0; bits < 64; bits++) {
      long limit = bits == 63 ? Long.MAX_VALUE : 1L << bits;
      long[] numbers =
          LongStream.generate(new SplittableRandom(bits)::nextLong)
              .limit(300)
              .map(number -> Math.floorMod(number, limit))
              .toArray();
      PackedNumbers packed = new PackedNumbers(numbers.length, bits);
      for (int i = numbers.length - 1; i >= 0; i--) {
        packed.set(i, numbers[i]);
      }
      for (int i = 0; i < numbers.length; i++) {
        assertThat(packed.get(i)).isEqualTo(numbers[i]);
      }
      assertThat(packed.bytes()).isBetween(300L * bits / 8, 300L * bits / 8 + 16);
    }
  }

  @Test
  void bitsAreAsManyAsTheLargestNeeds() {
    assertThat(PackedNumbers.bits(0)).isZero();
    assertThat(PackedNumbers.bits(1)).isEqualTo(1);
    assertThat(PackedNumbers.bits(255)).isEqualTo(8);
    assertThat(PackedNumbers.bits(256)).isEqualTo(9);
  }
}
