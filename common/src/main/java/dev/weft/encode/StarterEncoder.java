package dev.weft.encode;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.compute.NativeVectors;
import dev.weft.compute.VectorFile;
import dev.weft.ingest.Picture;
import dev.weft.ingest.RgbImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The embedded dual encoder: a {@link PatchNetwork} for images, {@link BgeTextTower} and a {@link
 * Projection} for texts, trained by the align stage.
 *
 * <p>Its bundle is three files; {@code data-schemas/encoder-bundle.md} has their layout.
 *
 * <p>Safe for concurrent use; images are encoded by one thread at a time.
 */
public final class StarterEncoder implements DualEncoder {
  private static final String KIND = "starter";
  private static final int FORMAT = 1;
  private static final String MANIFEST = "encoder.json";
  private static final String IMAGE = "image.bin";
  private static final String TEXT = "text.bin";

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES);

  /**
   * What {@code encoder.json} holds.
   *
   * @param kind {@code starter}
   * @param format version of the bundle's layout
   * @param shape sizes of the image tower
   * @param preprocessing of its input
   * @param textTower fingerprint of the frozen text tower that the projection was trained on
   * @param image fingerprint of {@code image.bin}
   * @param text fingerprint of {@code text.bin}
   * @param fingerprint of the whole encoder
   */
  private record Manifest(
      String kind,
      int format,
      PatchShape shape,
      Preprocessing preprocessing,
      String textTower,
      String image,
      String text,
      String fingerprint) {}

  private final Preprocessing preprocessing;
  private final PatchNetwork network;
  private final Projection projection;
  private final BgeTextTower tower;
  private final Map<String, byte[]> files;
  private final Manifest manifest;

  /**
   * Puts an encoder together.
   *
   * @param imageParameters flat parameters of the image tower
   * @param tower closed with this encoder
   */
  public StarterEncoder(
      PatchShape shape,
      Preprocessing preprocessing,
      float[] imageParameters,
      Projection projection,
      BgeTextTower tower) {
    if (shape.imageSize() != preprocessing.size()
        || shape.dimension() != projection.dimension()
        || projection.inputs() != BgeTextTower.DIMENSION) {
      throw new IllegalArgumentException(
          "the parts do not fit: " + shape + ", " + preprocessing + ", " + projection.dimension());
    }
    this.preprocessing = preprocessing;
    this.projection = projection;
    this.tower = tower;
    this.network = PatchNetwork.of(shape);
    NativeVectors.fill(network.parameters(), imageParameters);
    byte[] image = VectorFile.write(imageParameters);
    byte[] text = VectorFile.write(projection.weights());
    this.manifest = describe(shape, preprocessing, tower.fingerprint(), image, text);
    Map<String, byte[]> bundle = new TreeMap<>();
    bundle.put(IMAGE, image);
    bundle.put(TEXT, text);
    bundle.put(MANIFEST, json(manifest));
    this.files = Collections.unmodifiableMap(bundle);
  }

  private static Manifest describe(
      PatchShape shape, Preprocessing preprocessing, String textTower, byte[] image, byte[] text) {
    String imageHash = Fingerprint.of(image);
    String textHash = Fingerprint.of(text);
    String all =
        String.join(
            " ",
            KIND,
            String.valueOf(FORMAT),
            shape.toString(),
            preprocessing.fingerprint(),
            textTower,
            imageHash,
            textHash);
    return new Manifest(
        KIND,
        FORMAT,
        shape,
        preprocessing,
        textTower,
        imageHash,
        textHash,
        Fingerprint.of(all.getBytes(StandardCharsets.UTF_8)));
  }

  private static byte[] json(Manifest manifest) {
    try {
      return JSON.writeValueAsBytes(manifest);
    } catch (IOException e) {
      throw new IllegalStateException("a manifest is plain data", e);
    }
  }

  /**
   * Opens a bundle.
   *
   * @param place where the bundle lies, for messages
   * @param files the content of a file of the bundle, by its name
   * @param tower the text tower; closed with the encoder
   */
  public static StarterEncoder load(
      String place, Function<String, byte[]> files, BgeTextTower tower) {
    Manifest manifest = manifest(place, files.apply(MANIFEST));
    byte[] image = files.apply(IMAGE);
    byte[] text = files.apply(TEXT);
    requireEqual(place, IMAGE, manifest.image(), Fingerprint.of(image));
    requireEqual(place, TEXT, manifest.text(), Fingerprint.of(text));
    if (!manifest.textTower().equals(tower.fingerprint())) {
      throw new WeftException(
          ExitCode.RESOURCE_MISSING,
          "Cannot load the encoder in %s: it was trained on the text tower %s, this program has %s."
              + " Run the align stage again where it was trained, with this program.",
          place,
          manifest.textTower(),
          tower.fingerprint());
    }
    StarterEncoder encoder =
        new StarterEncoder(
            manifest.shape(),
            manifest.preprocessing(),
            VectorFile.read(place + "/" + IMAGE, image),
            new Projection(manifest.shape().dimension(), VectorFile.read(place + "/" + TEXT, text)),
            tower);
    requireEqual(place, MANIFEST, manifest.fingerprint(), encoder.fingerprint());
    return encoder;
  }

  /**
   * The bundle in a folder, such as the one that align published elsewhere.
   *
   * @param uri a folder of any Hadoop file system
   * @return its files by name; empty where the folder holds no bundle
   */
  public static Optional<Map<String, byte[]>> find(Configuration hadoop, String uri) {
    Path folder = new Path(uri);
    try {
      FileSystem system = folder.getFileSystem(hadoop);
      if (!system.exists(new Path(folder, MANIFEST))) {
        return Optional.empty();
      }
      Map<String, byte[]> bundle = new TreeMap<>();
      for (String name : List.of(MANIFEST, IMAGE, TEXT)) {
        try (InputStream in = system.open(new Path(folder, name))) {
          bundle.put(name, in.readAllBytes());
        }
      }
      return Optional.of(bundle);
    } catch (IOException e) {
      throw new WeftException(
          e,
          ExitCode.IO,
          "Cannot read the encoder in %s: %s. Check that the place can be reached and has all files"
              + " of the bundle, then run the same command again.",
          uri,
          e.getMessage());
    }
  }

  private static Manifest manifest(String place, byte[] json) {
    try {
      JsonNode found = JSON.readTree(json);
      String kind = found.path("kind").asText(KIND);
      int format = found.path("format").asInt(FORMAT);
      if (kind.equals(AdaptedEncoder.KIND)) {
        throw new WeftException(
            ExitCode.CONFIG,
            "Cannot load the encoder in %s: these are adapters of the encoder %s, and no encoder by"
                + " themselves. Name that encoder in encode.model, set encode.adapt=true, and use the"
                + " root in which the adapters were trained.",
            place,
            found.path("base").asText());
      }
      if (!kind.equals(KIND) || format != FORMAT) {
        throw new WeftException(
            ExitCode.INPUT_MISSING,
            "Cannot load the encoder in %s: it is of kind '%s', format %d, and this program reads kind"
                + " 'starter', format %d. Run the align stage again, or use a newer version.",
            place,
            kind,
            format,
            FORMAT);
      }
      return JSON.treeToValue(found, Manifest.class);
    } catch (IOException e) {
      throw new WeftException(
          e,
          ExitCode.INPUT_MISSING,
          "Cannot load the encoder in %s: its encoder.json is damaged or of another version (%s)."
              + " Run the align stage again.",
          place,
          e.getMessage());
    }
  }

  private static void requireEqual(String place, String file, String expected, String found) {
    if (!expected.equals(found)) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot load the encoder in %s: %s has the hash %s, encoder.json says %s. The bundle is"
              + " damaged: run the align stage again.",
          place,
          file,
          found,
          expected);
    }
  }

  /** The files of the bundle, by name. */
  public Map<String, byte[]> save() {
    return files;
  }

  @Override
  public RgbImage frame(Picture picture) {
    return preprocessing.square(picture);
  }

  @Override
  public float[][] frames(List<RgbImage> frames) {
    return frames.stream().map(this::vector).toArray(float[][]::new);
  }

  /**
   * Each image is run alone: in a pass of several the order of the additions, and so the last bit
   * of a vector, depends on the place of its row.
   */
  private float[] vector(RgbImage square) {
    float[] pixels = preprocessing.normalize(square);
    synchronized (network) {
      INDArray result = network.forward(List.of(pixels)); // [1, D]
      return UnitVector.of(NativeVectors.array(result.dup('c')));
    }
  }

  @Override
  public EncodedTexts textsAndCuts(List<String> texts) {
    return tower.textsAndCuts(texts).through(projection);
  }

  @Override
  public OptionalInt draftSide() {
    return OptionalInt.empty();
  }

  @Override
  public int dimension() {
    return projection.dimension();
  }

  @Override
  public String fingerprint() {
    return manifest.fingerprint();
  }

  @Override
  public void close() {
    tower.close();
  }
}
