package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.WeftException;
import dev.weft.compute.NativeBackend;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class TripletTableTest {
  private static final float[] IMAGES = {1, 0, 0, 1, 0.6f, 0.8f};
  private static final float[] TEXTS = {0, -1, -1, 0};

  @BeforeAll
  static void startEngine() {
    NativeBackend.load();
  }

  @Test
  void bytesBringBackTheTable() {
    TripletTable table = table(IMAGES, new int[] {2, 0});

    TripletTable read = TripletTable.of(table.toBytes());

    assertThat(read.toBytes()).isEqualTo(table.toBytes());
    assertThat(read.rows()).isEqualTo(2);
    assertThat(read.images()).isEqualTo(3);
    assertThat(read.reference(1)).isEqualTo(1);
    assertThat(read.target(0)).isEqualTo(2);
    assertThat(read.caption(1, 0)).isEqualTo(1);
  }

  @Test
  void gatheredRowsAreThoseAskedFor() {
    INDArray rows = Nd4j.create(DataType.FLOAT, 3, 2);

    table(IMAGES, new int[] {2, 0}).gatherImages(new int[] {2, 0, 2}, rows);

    assertThat(rows.toFloatMatrix()).isEqualTo(new float[][] {{0.6f, 0.8f}, {1, 0}, {0.6f, 0.8f}});
  }

  @Test
  void aVectorThatIsNotOneUnitLongIsRefused() {
    assertThatThrownBy(() -> table(new float[] {1, 0, 0, 1, Float.NaN, 0}, new int[] {2, 0}))
        .isInstanceOf(WeftException.class)
        .hasMessageStartingWith(
            "Cannot train on these embeddings: image vector 2 has length NaN instead of 1.");
  }

  @Test
  void aNumberOutsideTheTableIsRefused() {
    assertThatThrownBy(() -> table(IMAGES, new int[] {3, 0}))
        .hasMessage("a table of triplets needs target numbers within 0..2");
  }

  @Test
  void aTableWithoutRowsIsRefused() {
    int[] none = {};
    assertThatThrownBy(() -> new TripletTable(2, 2, IMAGES, TEXTS, none, none, none))
        .isInstanceOf(WeftException.class)
        .hasMessageStartingWith("Cannot train a head: there is not one training triplet");
  }

  @Test
  void otherBytesAreRefused() {
    assertThatThrownBy(() -> TripletTable.of(new byte[100]))
        .hasMessage("these bytes are not a table of triplets");
  }

  private static TripletTable table(float[] images, int[] targets) {
    return new TripletTable(2, 2, images, TEXTS, new int[] {0, 1}, targets, new int[] {0, 1, 1, 0});
  }
}
