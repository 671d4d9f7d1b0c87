package dev.weft.train;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The sum of both vectors at unit length: the baseline every learned head has to beat.
 *
 * @param architecture its width
 */
public record SumHead(HeadArchitecture.Sum architecture) implements FusionHead {
  @Override
  public INDArray compose(INDArray images, INDArray texts) {
    INDArray image = FusionHead.normalizeRows(images.dup());
    return FusionHead.normalizeRows(image.addi(FusionHead.normalizeRows(texts.dup())));
  }
}
