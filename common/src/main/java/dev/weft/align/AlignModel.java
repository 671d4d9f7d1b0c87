package dev.weft.align;

import java.io.Serializable;

/** What align trains: it decides the parameters, where they begin, and what a row must show. */
public sealed interface AlignModel extends Serializable {

  /** The flat vector of parameters. */
  AlignParameters layout();

  /**
   * The parameters before the first step.
   *
   * @param seed equal seeds give equal bytes
   */
  float[] initial(long seed);

  /** Both passes of a step, for one thread. */
  AlignStep step(long seed);

  /**
   * The starter: its image tower on pictures, and the projection of its text tower.
   *
   * @param config sizes, augmentation and initial logit scale
   */
  record Starter(AlignConfig config) implements AlignModel {
    @Override
    public AlignParameters layout() {
      return AlignParameters.of(config.shape());
    }

    @Override
    public float[] initial(long seed) {
      return AlignParameters.initial(config.shape(), seed, config.logitScale());
    }

    @Override
    public AlignStep step(long seed) {
      return new AlignStep(config.shape(), config.preprocessing(), config.augmentation(), seed);
    }
  }

  /**
   * Adapters: a linear map behind each frozen tower of an encoder. They begin as the identity, so
   * the training begins at the encoder as it is.
   *
   * @param width D of the encoder, and of the result
   * @param logitScale initial factor on the cosines, positive
   */
  record Adapters(int width, double logitScale) implements AlignModel {
    @Override
    public AlignParameters layout() {
      return new AlignParameters(width * width, width, width);
    }

    @Override
    public float[] initial(long seed) {
      AlignParameters layout = layout();
      float[] values = new float[layout.count()];
      for (int i = 0; i < width; i++) {
        values[i * width + i] = 1;
        values[layout.imageCount() + i * width + i] = 1;
      }
      values[layout.scaleAt()] = (float) Math.log(logitScale);
      return values;
    }

    @Override
    public AlignStep step(long seed) {
      return new AlignStep(new ImageSide.Features(width), layout());
    }
  }
}
