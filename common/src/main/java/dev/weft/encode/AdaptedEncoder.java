package dev.weft.encode;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.compute.VectorFile;
import dev.weft.ingest.Picture;
import dev.weft.ingest.RgbImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Function;

/**
 * A frozen dual encoder with a trained linear map behind each tower: adapters, which the align
 * stage trains on a shop's own images and titles.
 *
 * <p>Its bundle is three files; {@code data-schemas/encoder-bundle.md} has their layout.
 *
 * <p>Safe for concurrent use, as far as the encoder below is.
 */
public final class AdaptedEncoder implements DualEncoder {
  static final String KIND = "adapters";
  private static final int FORMAT = 1;
  private static final String MANIFEST = "encoder.json";
  private static final String IMAGE = "image.bin";
  private static final String TEXT = "text.bin";

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES);

  private final DualEncoder base;
  private final Projection image;
  private final Projection text;
  private final String fingerprint;

  /** What {@code encoder.json} holds. */
  private record Manifest(
      String kind, int format, String base, int dimension, String fingerprint) {}

  /**
   * Puts an encoder together.
   *
   * @param base the frozen encoder; not closed with this one
   * @param image what follows its image tower
   * @param text what follows its text tower
   */
  public AdaptedEncoder(DualEncoder base, Projection image, Projection text) {
    if (image.inputs() != base.dimension()
        || text.inputs() != base.dimension()
        || image.dimension() != text.dimension()) {
      throw new IllegalArgumentException(
          "the parts do not fit: an encoder of width "
              + base.dimension()
              + ", adapters of "
              + image.inputs()
              + " and "
              + text.inputs());
    }
    this.base = base;
    this.image = image;
    this.text = text;
    this.fingerprint = fingerprint(base.fingerprint(), image, text);
  }

  private static String fingerprint(String base, Projection image, Projection text) {
    return Fingerprint.of(
        (KIND + " " + FORMAT + " " + base).getBytes(StandardCharsets.UTF_8),
        VectorFile.write(image.weights()),
        VectorFile.write(text.weights()));
  }

  /**
   * Opens a bundle.
   *
   * @param place where the bundle lies, for messages
   * @param files the content of a file of the bundle, by its name
   * @param base the encoder it was trained on
   */
  public static AdaptedEncoder load(
      String place, Function<String, byte[]> files, DualEncoder base) {
    Manifest manifest;
    try {
      manifest = JSON.readValue(files.apply(MANIFEST), Manifest.class);
    } catch (IOException e) {
      throw new WeftException(
          e,
          ExitCode.INPUT_MISSING,
          "Cannot load the adapters in %s: their encoder.json is damaged or of another version (%s)."
              + " Run the align stage again.",
          place,
          e.getMessage());
    }
    if (!manifest.base().equals(base.fingerprint())) {
      throw new WeftException(
          ExitCode.CONFIG,
          "Cannot load the adapters in %s: they were trained on the encoder %s, and encode.model with"
              + " its options is now %s. Set the model back, or run the align stage again.",
          place,
          manifest.base(),
          base.fingerprint());
    }
    AdaptedEncoder encoder =
        new AdaptedEncoder(
            base,
            new Projection(
                manifest.dimension(), VectorFile.read(place + "/" + IMAGE, files.apply(IMAGE))),
            new Projection(
                manifest.dimension(), VectorFile.read(place + "/" + TEXT, files.apply(TEXT))));
    if (!KIND.equals(manifest.kind()) || !encoder.fingerprint.equals(manifest.fingerprint())) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot load the adapters in %s: their files have the fingerprint %s, encoder.json says %s"
              + " of kind '%s'. The bundle is damaged: run the align stage again.",
          place,
          encoder.fingerprint,
          manifest.fingerprint(),
          manifest.kind());
    }
    return encoder;
  }

  /** The files of the bundle, by name. */
  public Map<String, byte[]> save() {
    try {
      return Map.of(
          MANIFEST,
          JSON.writeValueAsBytes(
              new Manifest(KIND, FORMAT, base.fingerprint(), dimension(), fingerprint)),
          IMAGE,
          VectorFile.write(image.weights()),
          TEXT,
          VectorFile.write(text.weights()));
    } catch (IOException e) {
      throw new IllegalStateException("a manifest is plain data", e);
    }
  }

  @Override
  public RgbImage frame(Picture picture) {
    return base.frame(picture);
  }

  @Override
  public float[][] frames(List<RgbImage> frames) {
    return image.apply(base.frames(frames));
  }

  @Override
  public EncodedTexts textsAndCuts(List<String> texts) {
    return base.textsAndCuts(texts).through(text);
  }

  @Override
  public OptionalInt draftSide() {
    return base.draftSide();
  }

  @Override
  public int dimension() {
    return image.dimension();
  }

  @Override
  public String fingerprint() {
    return fingerprint;
  }

  @Override
  public void close() {
    // The encoder below is shared.
  }
}
