package dev.weft.store;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class VectorBytesPropertyTest {
  @Property
  void everyBitComesBack(@ForAll int[] bits) {
    float[] vector = new float[bits.length];
    for (int i = 0; i < bits.length; i++) {
      vector[i] = Float.intBitsToFloat(bits[i]);
    }

    float[] back = VectorBytes.decode(VectorBytes.encode(vector));

    assertThat(back).hasSameSizeAs(vector);
    for (int i = 0; i < bits.length; i++) {
      assertThat(Float.floatToRawIntBits(back[i])).isEqualTo(Float.floatToRawIntBits(vector[i]));
    }
  }
}
