package dev.weft.jobs.search;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.encode.DualEncoder;
import dev.weft.ingest.BadImageException;
import dev.weft.ingest.ImageDecoder;
import dev.weft.ingest.ImageLimits;
import dev.weft.ingest.RgbImage;
import dev.weft.jobs.encode.EncoderBundle;
import dev.weft.jobs.evaluate.TrainedHead;
import dev.weft.store.VectorBytes;
import dev.weft.train.FusionHead;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.OptionalInt;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;

/**
 * Makes the vectors of queries: encodes their pictures and words, and composes those that have
 * both. Travels to tasks.
 *
 * @param encoder of the index; empty where no query needs it
 * @param heads the fusion head; empty where no query needs it
 * @param limits of the image files
 */
record Composition(List<EncoderBundle> encoder, List<TrainedHead> heads, ImageLimits limits)
    implements Serializable {

  /**
   * The vectors of queries. A block is composed as a whole, so a vector depends on its block alone.
   *
   * @param blocks queries in order
   * @return one vector of D little-endian float32 values per query
   */
  List<byte[]> vectors(Iterator<List<QueryParts>> blocks, Configuration hadoop) {
    List<byte[]> vectors = new ArrayList<>();
    if (encoder.isEmpty()) { // indexed images alone
      blocks.forEachRemaining(block -> block.forEach(query -> vectors.add(query.vector())));
      return vectors;
    }
    DualEncoder open = encoder.get(0).open();
    List<FusionHead> head = heads.stream().map(trained -> trained.bundle().head()).toList();
    while (blocks.hasNext()) {
      List<QueryParts> block = blocks.next();
      vectors.addAll(vectors(block, images(block, open, hadoop), open, head));
    }
    return vectors;
  }

  private static List<byte[]> vectors(
      List<QueryParts> block, float[][] images, DualEncoder encoder, List<FusionHead> head) {
    float[][] texts = texts(block, encoder);
    List<Integer> composed = new ArrayList<>();
    float[][] queries = new float[block.size()][];
    for (int i = 0; i < queries.length; i++) {
      queries[i] = block.get(i).hasImage() ? images[i] : texts[i];
      if (block.get(i).composed()) {
        composed.add(i);
      }
    }
    if (!composed.isEmpty()) {
      float[][] results =
          head.get(0)
              .compose(
                  composed.stream().map(i -> images[i]).toArray(float[][]::new),
                  composed.stream().map(i -> texts[i]).toArray(float[][]::new));
      for (int row = 0; row < results.length; row++) {
        queries[composed.get(row)] = results[row];
      }
    }
    List<byte[]> vectors = new ArrayList<>(queries.length);
    for (float[] query : queries) {
      vectors.add(VectorBytes.encode(query));
    }
    return vectors;
  }

  /** One vector per query; empty for those without words. */
  private static float[][] texts(List<QueryParts> block, DualEncoder encoder) {
    List<Integer> having = new ArrayList<>();
    List<String> words = new ArrayList<>();
    for (int i = 0; i < block.size(); i++) {
      if (!block.get(i).text().isEmpty()) {
        having.add(i);
        words.add(block.get(i).text());
      }
    }
    return spread(block.size(), having, words.isEmpty() ? new float[0][] : encoder.texts(words));
  }

  /** One vector per query; empty for those without an image. */
  private float[][] images(List<QueryParts> block, DualEncoder encoder, Configuration hadoop) {
    List<Integer> having = new ArrayList<>();
    List<RgbImage> pictures = new ArrayList<>();
    for (int i = 0; i < block.size(); i++) {
      if (!block.get(i).image().isEmpty()) {
        having.add(i);
        pictures.add(picture(block.get(i), encoder.draftSide(), hadoop));
      }
    }
    float[][] vectors =
        spread(
            block.size(), having, pictures.isEmpty() ? new float[0][] : encoder.images(pictures));
    for (int i = 0; i < vectors.length; i++) {
      if (block.get(i).vector().length > 0) {
        vectors[i] = VectorBytes.decode(block.get(i).vector());
      }
    }
    return vectors;
  }

  private static float[][] spread(int size, List<Integer> places, float[][] vectors) {
    float[][] all = new float[size][0];
    for (int i = 0; i < vectors.length; i++) {
      all[places.get(i)] = vectors[i];
    }
    return all;
  }

  private RgbImage picture(QueryParts query, OptionalInt draftSide, Configuration hadoop) {
    Path path = new Path(query.image());
    try (FSDataInputStream in = path.getFileSystem(hadoop).open(path)) {
      return new ImageDecoder(limits, draftSide).decode(in.readAllBytes());
    } catch (IOException | BadImageException e) {
      throw new WeftException(
          e,
          ExitCode.INPUT_MISSING,
          "Cannot search for query %s: its image %s cannot be read: %s. Give a JPEG, PNG, WebP,"
              + " GIF, TIFF or BMP file that every machine of the cluster can read.",
          query.id(),
          query.image(),
          e.getMessage());
    }
  }
}
