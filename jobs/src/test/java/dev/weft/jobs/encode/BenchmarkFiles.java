package dev.weft.jobs.encode;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;

/**
 * What the benchmark of encode works on, made from a seed: pictures of 640 x 480 pixels whose files
 * have about the size of photographs, and sentences like captions.
 *
 * @param images the files
 * @param texts distinct
 * @param annotations one triplet for each image, all with the same caption
 */
record BenchmarkFiles(List<Path> images, List<String> texts, Path annotations) {
  private static final int IMAGES = 1600;
  private static final Pattern OURS = Pattern.compile("\\d{4}\\.jpg");
  private static final int TEXTS = 600;
  private static final int WIDTH = 640;
  private static final int HEIGHT = 480;
  private static final List<String> WORDS =
      List.of(
          "is", "red", "has", "long", "sleeves", "a", "more", "floral", "pattern", "and", "the",
          "darker", "with", "collar", "shorter", "striped", "without", "blue", "dress", "less");
  private static final JsonMapper JSON = new JsonMapper();

  BenchmarkFiles {
    images = List.copyOf(images);
    texts = List.copyOf(texts);
  }

  /** Makes the files, or finds those that were made before. */
  static BenchmarkFiles in(Path folder) throws IOException {
    Path pictures = Files.createDirectories(folder.resolve("images"));
    List<Path> images = list(pictures);
    if (images.stream().allMatch(image -> OURS.matcher(name(image)).matches())) {
      IntStream.range(0, IMAGES).parallel().forEach(i -> make(i, pictures));
      images = list(pictures);
    }
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      lines.add(
          JSON.writeValueAsString(
              Map.of(
                  "split",
                  "train",
                  "reference",
                  name(images.get(i)),
                  "target",
                  name(images.get((i + 1) % images.size())),
                  "text",
                  "in red")));
    }
    Path annotations = Files.createDirectories(folder.resolve("annotations"));
    Files.write(annotations.resolve("triplets.jsonl"), lines);
    List<String> texts = sentences();
    Files.writeString(folder.resolve("texts.json"), JSON.writeValueAsString(texts));
    Path bge = Files.createDirectories(folder.resolve("bge"));
    copy("/bge-small-en-v1.5-q.onnx", bge.resolve("model.onnx"));
    copy("/bge-small-en-v1.5-q-tokenizer.json", bge.resolve("tokenizer.json"));
    return new BenchmarkFiles(images, texts, annotations);
  }

  private static String name(Path image) {
    return image.getFileName().toString();
  }

  private static void make(int number, Path folder) {
    Path file = folder.resolve(String.format(Locale.ROOT, "%04d.jpg", number));
    try {
      if (!Files.exists(file)) {
        write(picture(number), file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<Path> list(Path folder) throws IOException {
    try (Stream<Path> listed = Files.list(folder)) {
      return listed.sorted().toList();
    }
  }

  private static void copy(String resource, Path to) throws IOException {
    if (!Files.exists(to)) {
      try (InputStream in = BenchmarkFiles.class.getResourceAsStream(resource)) {
        Files.copy(in, to);
      }
    }
  }

  /** Four to twenty words: FashionIQ's two captions together have about eleven. */
  private static List<String> sentences() {
    Random random = new Random(1);
    return Stream.generate(
            () ->
                String.join(
                    " ",
                    IntStream.range(0, 4 + random.nextInt(17))
                        .mapToObj(i -> WORDS.get(random.nextInt(WORDS.size())))
                        .toList()))
        .distinct()
        .limit(TEXTS)
        .toList();
  }

  /** Shapes on a gradient, under grain. */
  private static BufferedImage picture(int seed) {
    Random random = new Random(seed);
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D pen = image.createGraphics();
    for (int i = 0; i < 60; i++) {
      pen.setColor(new Color(random.nextInt(1 << 24)));
      pen.fillOval(
          random.nextInt(WIDTH) - 60,
          random.nextInt(HEIGHT) - 60,
          20 + random.nextInt(200),
          20 + random.nextInt(160));
    }
    pen.dispose();
    int[] pixels = ((DataBufferInt) image.getRaster().getDataBuffer()).getData();
    for (int y = 0; y < HEIGHT; y++) {
      for (int x = 0; x < WIDTH; x++) {
        int grain = (int) (9 * random.nextGaussian()) + (x - y) / 16;
        int rgb = pixels[y * WIDTH + x];
        pixels[y * WIDTH + x] =
            shifted(rgb >> 16, grain) << 16 | shifted(rgb >> 8, grain) << 8 | shifted(rgb, grain);
      }
    }
    return image;
  }

  private static int shifted(int value, int by) {
    return Math.max(0, Math.min(255, (value & 0xff) + by));
  }

  private static void write(BufferedImage image, Path to) throws IOException {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ImageWriteParam quality = writer.getDefaultWriteParam();
    quality.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
    quality.setCompressionQuality(0.9f);
    try (ImageOutputStream out = ImageIO.createImageOutputStream(to.toFile())) {
      writer.setOutput(out);
      writer.write(null, new IIOImage(image, null, null), quality);
    } finally {
      writer.dispose();
    }
  }
}
