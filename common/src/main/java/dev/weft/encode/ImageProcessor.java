package dev.weft.encode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.ingest.Picture;
import dev.weft.ingest.RgbImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What {@code preprocessor_config.json} says is done to a picture before the image tower sees it:
 * pad (an option of ours), resize, crop the middle, rescale, normalise; each but the first as the
 * image processors of Hugging Face's transformers do it with Pillow.
 *
 * @param padRatio largest ratio of the longer to the shorter side; 0 for no padding
 * @param resize the resize, if there is one
 * @param crop height and width of the part that is kept of the middle, if a part is; black where it
 *     is larger than the picture
 * @param scale what the bytes of a pixel are multiplied with
 * @param mean of red, green and blue, subtracted
 * @param std of red, green and blue, divided by
 */
record ImageProcessor(
    double padRatio,
    Optional<Scaling> resize,
    Optional<Size> crop,
    double scale,
    List<Double> mean,
    List<Double> std) {
  private static final int VERSION = 1;
  private static final int CHANNELS = 3;
  private static final double SCALE = 1 / 255.0;

  ImageProcessor {
    mean = List.copyOf(mean);
    std = List.copyOf(std);
  }

  /** Pixels. */
  record Size(int height, int width) {}

  /**
   * A resize.
   *
   * @param size what comes out; where {@code keepRatio} is set both are the length of the shorter
   *     side
   * @param keepRatio whether the longer side follows the shorter
   */
  record Scaling(Size size, boolean keepRatio, Resample resample) {
    /** What becomes of a picture. */
    Size of(Picture image) {
      int width = size.width();
      int height = size.height();
      if (keepRatio && image.width() <= image.height()) {
        height = (int) ((long) width * image.height() / image.width());
      } else if (keepRatio) {
        width = (int) ((long) height * image.width() / image.height());
      }
      return new Size(height, width);
    }
  }

  /**
   * Reads the settings of a model.
   *
   * @param place of the model, for messages
   * @param json content of {@code preprocessor_config.json}
   * @param options says whether to pad
   */
  static ImageProcessor parse(String place, byte[] json, ModelOptions options) {
    return new Parser(place, tree(place, json)).processor(padRatio(options));
  }

  private static double padRatio(ModelOptions options) {
    return switch (options.pad()) {
      case NONE -> 0;
      case TARGET -> options.padRatio();
      case SQUARE -> 1;
    };
  }

  private static JsonNode tree(String place, byte[] json) {
    try {
      return new ObjectMapper().readTree(json);
    } catch (IOException e) {
      throw new WeftException(
          e,
          ExitCode.INPUT_MISSING,
          "Cannot use the model in %s: its preprocessor_config.json is no JSON (%s). Copy it again"
              + " from where the model was published.",
          place,
          e.getMessage());
    }
  }

  /** A hash of all that decides the result, 64 hexadecimal digits. */
  String fingerprint() {
    return Fingerprint.of(("images " + VERSION + " " + this).getBytes(StandardCharsets.UTF_8));
  }

  /** Height and width of what comes out, where it is the same for every picture. */
  Optional<Size> size() {
    return crop.or(() -> resize.filter(scaling -> !scaling.keepRatio()).map(Scaling::size));
  }

  /** A side that a picture may be reduced to before the resize; empty where there is none. */
  OptionalInt draftSide() {
    return resize.stream()
        .mapToInt(scaling -> Math.max(scaling.size().height(), scaling.size().width()))
        .findFirst();
  }

  /** The picture as the tower sees it, still in bytes. */
  RgbImage frame(Picture image) {
    Picture padded = padRatio == 0 ? image : Preprocessing.pad(image, padRatio);
    Size whole = resize.map(scaling -> scaling.of(padded)).orElse(sizeOf(padded));
    Size kept = crop.orElse(whole);
    // Rounded down, as transformers does; torchvision rounds to even.
    int left = Math.floorDiv(whole.width() - kept.width(), 2);
    int top = Math.floorDiv(whole.height() - kept.height(), 2);
    if (resize.isEmpty()) {
      return Preprocessing.window(RgbImage.of(padded), left, top, kept.width(), kept.height());
    }
    Resize.Part inside =
        new Resize.Part(
            Math.max(left, 0),
            Math.max(top, 0),
            Math.min(kept.width(), whole.width()),
            Math.min(kept.height(), whole.height()));
    RgbImage part =
        Resize.part(padded, whole.width(), whole.height(), inside, resize.get().resample());
    return Preprocessing.window(
        part, Math.min(left, 0), Math.min(top, 0), kept.width(), kept.height());
  }

  private static Size sizeOf(Picture image) {
    return new Size(image.height(), image.width());
  }

  /**
   * Normalises a framed picture.
   *
   * @param into receives red, green and blue one after the other, {@code [3, H, W]}
   * @param at where
   */
  void write(RgbImage framed, float[] into, int at) {
    int pixels = framed.width() * framed.height();
    byte[] rgb = framed.rgb();
    for (int channel = 0; channel < CHANNELS; channel++) {
      float[] table = new float[256];
      for (int value = 0; value < table.length; value++) {
        table[value] = (float) ((value * scale - mean.get(channel)) / std.get(channel));
      }
      for (int pixel = 0; pixel < pixels; pixel++) {
        into[at + channel * pixels + pixel] = table[rgb[CHANNELS * pixel + channel] & 0xff];
      }
    }
  }

  /** Reads the settings; what is missing or unknown is said with its key. */
  private record Parser(String place, JsonNode json) {

    ImageProcessor processor(double padRatio) {
      if (flag("do_pad", false)) {
        throw wrong("do_pad", "true, and no padding of the model's own is known here");
      }
      boolean normalize = flag("do_normalize", true);
      return new ImageProcessor(
          padRatio,
          flag("do_resize", true) ? Optional.of(scaling()) : Optional.empty(),
          // The processors that crop have a crop_size; those of SigLIP and ViT have none.
          flag("do_center_crop", json.hasNonNull("crop_size"))
              ? Optional.of(size("crop_size"))
              : Optional.empty(),
          flag("do_rescale", true) ? json.path("rescale_factor").asDouble(SCALE) : 1,
          normalize ? three("image_mean") : List.of(0.0, 0.0, 0.0),
          normalize ? three("image_std") : List.of(1.0, 1.0, 1.0));
    }

    private boolean flag(String key, boolean absent) {
      return json.path(key).asBoolean(absent);
    }

    private Scaling scaling() {
      JsonNode size = json.path("size");
      if (size.path("shortest_edge").isInt() && !size.has("longest_edge")) {
        int side = size.path("shortest_edge").asInt();
        return new Scaling(new Size(side, side), true, resample());
      }
      if (size.isInt()) { // the old form: the shorter side for CLIP, both for all others
        boolean clip = type().contains("clip") && !type().contains("siglip");
        return new Scaling(size("size"), clip, resample());
      }
      return new Scaling(size("size"), false, resample());
    }

    private String type() {
      String old = json.path("feature_extractor_type").asText("");
      return json.path("image_processor_type").asText(old).toLowerCase(Locale.ROOT);
    }

    private Size size(String key) {
      JsonNode size = json.path(key);
      if (size.isInt() && size.asInt() > 0) {
        return new Size(size.asInt(), size.asInt());
      }
      if (size.path("height").asInt() > 0 && size.path("width").asInt() > 0) {
        return new Size(size.path("height").asInt(), size.path("width").asInt());
      }
      throw wrong(key, size + "; a number, a height and width, or a shortest_edge is known here");
    }

    private Resample resample() {
      return switch (json.path("resample").asInt(-1)) {
        case 1 -> Resample.LANCZOS;
        case 2 -> Resample.BILINEAR;
        case 3 -> Resample.BICUBIC;
        default ->
            throw wrong(
                "resample",
                json.path("resample")
                    + "; Pillow's 1 (Lanczos), 2 (bilinear) and 3 (bicubic) are known here");
      };
    }

    private List<Double> three(String key) {
      List<Double> values = new ArrayList<>();
      json.path(key).forEach(value -> values.add(value.asDouble()));
      if (values.size() != CHANNELS) {
        throw wrong(key, json.path(key) + "; one number each of red, green and blue is needed");
      }
      return values;
    }

    private WeftException wrong(String key, String found) {
      return new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot use the model in %s: %s of its preprocessor_config.json is %s. Correct the file,"
              + " or use another export of the model.",
          place,
          key,
          found.startsWith(";") ? "missing" + found : found);
    }
  }
}
