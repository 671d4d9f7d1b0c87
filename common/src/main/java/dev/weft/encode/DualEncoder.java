package dev.weft.encode;

import dev.weft.ingest.Picture;
import dev.weft.ingest.RgbImage;
import java.util.List;
import java.util.OptionalInt;

/**
 * Maps images and texts into one space, where the cosine says how well they fit.
 *
 * <p>The vector of an image or text depends on it alone, to the last bit, not on what else is in
 * the call: vectors are computed once and kept, in whatever company.
 */
public interface DualEncoder extends AutoCloseable {

  /**
   * Encodes pictures of any size.
   *
   * @param images decoded with {@link #draftSide}
   * @return one unit vector of {@link #dimension} per image, in order
   */
  default float[][] images(List<RgbImage> images) {
    return frames(images.stream().map(this::frame).toList());
  }

  /**
   * What the image tower sees of a picture, still in bytes.
   *
   * @param picture decoded with {@link #draftSide}
   */
  RgbImage frame(Picture picture);

  /**
   * Encodes pictures that were framed before, as they were decoded: much less memory is held so.
   *
   * @param frames made by {@link #frame}
   * @return one unit vector of {@link #dimension} per frame, in order
   */
  float[][] frames(List<RgbImage> frames);

  /**
   * Encodes texts of any length; what exceeds the tower's limit is cut.
   *
   * @return one unit vector of {@link #dimension} per text, in order
   */
  default float[][] texts(List<String> texts) {
    return textsAndCuts(texts).vectors();
  }

  /** As {@link #texts}, and says which were cut. */
  EncodedTexts textsAndCuts(List<String> texts);

  /**
   * The draft side that JPEG files are to be decoded with; empty for every pixel.
   *
   * @see dev.weft.ingest.ImageDecoder
   */
  OptionalInt draftSide();

  /** D, the width of the common space. */
  int dimension();

  /**
   * A hash of all that decides a vector: weights, preprocessing, tokenizer; 64 hexadecimal digits.
   * Vectors of different fingerprints must not be compared.
   */
  String fingerprint();

  @Override
  void close();
}
