package dev.weft.encode;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.ingest.Picture;
import dev.weft.ingest.RgbImage;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalInt;

/**
 * The text tower of the starter without an image tower: for runs on annotations alone.
 *
 * <p>Safe for concurrent use.
 */
public final class TextOnlyEncoder implements DualEncoder {
  private final BgeTextTower tower;

  /**
   * @param tower closed with this encoder
   */
  public TextOnlyEncoder(BgeTextTower tower) {
    this.tower = tower;
  }

  @Override
  public RgbImage frame(Picture picture) {
    throw noImages();
  }

  @Override
  public float[][] frames(List<RgbImage> frames) {
    throw noImages();
  }

  private static WeftException noImages() {
    return new WeftException(
        ExitCode.CONFIG,
        "Cannot encode images with bge-small-en-v1.5: it is a text tower alone. Set encode.model to"
            + " starter or to the folder of a model with both towers, or ingest.images to none.");
  }

  @Override
  public EncodedTexts textsAndCuts(List<String> texts) {
    return tower.textsAndCuts(texts);
  }

  @Override
  public OptionalInt draftSide() {
    return OptionalInt.empty();
  }

  @Override
  public int dimension() {
    return BgeTextTower.DIMENSION;
  }

  @Override
  public String fingerprint() {
    return Fingerprint.of(("text only " + tower.fingerprint()).getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() {
    tower.close();
  }
}
