package dev.weft.train;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.reduce3.Dot;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Both vectors mixed with one weight for all queries: along the chord (linear), or along the great
 * circle between them (slerp: Jang et al., "Spherical Linear Interpolation and Text-Anchoring for
 * Zero-shot Composed Image Retrieval", ECCV 2024, arXiv:2405.00571).
 *
 * @param architecture the weight and the way of mixing
 */
public record WeightedHead(HeadArchitecture.Weighted architecture) implements FusionHead {
  /** Below this sine the two vectors are parallel or opposite, and the chord is used. */
  private static final double SMALLEST_SINE = 1e-4;

  @Override
  public INDArray compose(INDArray images, INDArray texts) {
    INDArray image = FusionHead.normalizeRows(images.dup());
    INDArray text = FusionHead.normalizeRows(texts.dup());
    double weight = architecture.textWeight();
    if (architecture.mix() == HeadArchitecture.Mix.LINEAR) {
      return FusionHead.normalizeRows(image.muli(1 - weight).addi(text.muli(weight)));
    }
    double[] cosine = Nd4j.exec(new Dot(image, text, 1)).toDoubleVector();
    double[] ofImage = new double[cosine.length];
    double[] ofText = new double[cosine.length];
    for (int i = 0; i < cosine.length; i++) {
      double angle = Math.acos(Math.max(-1, Math.min(1, cosine[i])));
      boolean chord = Math.sin(angle) < SMALLEST_SINE;
      ofImage[i] = chord ? 1 - weight : Math.sin((1 - weight) * angle) / Math.sin(angle);
      ofText[i] = chord ? weight : Math.sin(weight * angle) / Math.sin(angle);
    }
    image.muliColumnVector(column(ofImage, image));
    text.muliColumnVector(column(ofText, text));
    return FusionHead.normalizeRows(image.addi(text));
  }

  private static INDArray column(double[] values, INDArray like) {
    return Nd4j.createFromArray(values).castTo(like.dataType()).reshape(values.length, 1);
  }
}
