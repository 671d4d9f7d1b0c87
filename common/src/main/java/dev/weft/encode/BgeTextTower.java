package dev.weft.encode;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/**
 * The frozen text tower of the starter encoder: BAAI's bge-small-en-v1.5 with 8-bit weights, from a
 * jar of Maven Central.
 *
 * <p>The vector of a text is the last hidden state of its first token, at unit length. The model
 * quantises its activations by the range of the <em>whole input tensor</em>, so in a batch the
 * vector of a text would depend on the texts beside it (cosine down to 0.99): each text is run
 * alone, and parallelism is over texts, each run on one thread. So a vector depends on the text
 * only, whatever the batch and the number of threads.
 *
 * <p>Source: Xiao et al., "C-Pack: Packed Resources For General Chinese Embeddings", SIGIR 2024
 * (arXiv:2309.07597). Safe for concurrent use until closed.
 */
public final class BgeTextTower implements AutoCloseable {
  /** Width of a text vector. */
  public static final int DIMENSION = 384;

  /** Positions the model was trained with; longer texts lose their end. */
  private static final int MAX_TOKENS = 512;

  static final String MODEL = "/bge-small-en-v1.5-q.onnx";
  static final String TOKENIZER = "/bge-small-en-v1.5-q-tokenizer.json";

  private final OrtEnvironment environment;
  private final OrtSession session;
  private final TextTokenizer tokenizer;
  private final ExecutorService workers;
  private final int threads;
  private final String fingerprint;

  private BgeTextTower(byte[] model, byte[] tokenizerJson, int threads)
      throws OrtException, IOException {
    this.threads = threads;
    this.environment = OrtEnvironment.getEnvironment();
    this.fingerprint = fingerprint(model, tokenizerJson, environment.getVersion());
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      this.session = environment.createSession(model, options);
    }
    this.tokenizer = new TextTokenizer(tokenizerJson, new TextRules(MAX_TOKENS, false, 0));
    this.workers =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              Thread thread = new Thread(task, "text-tower");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Loads the model from the class path.
   *
   * @param threads texts run at the same time, at least 1
   */
  public static BgeTextTower load(int threads) {
    try {
      return new BgeTextTower(resource(MODEL), resource(TOKENIZER), threads);
    } catch (OrtException | IOException | LinkageError e) {
      throw new WeftException(
          e,
          ExitCode.RESOURCE_MISSING,
          "Cannot load the text tower bge-small-en-v1.5: %s. It needs glibc 2.34 or newer and a"
              + " writable, executable temporary folder (-Djava.io.tmpdir) and cache folder"
              + " (DJL_CACHE_DIR).",
          e);
    }
  }

  /** The vectors of 8-bit weights depend on the version of ONNX Runtime too. */
  static String fingerprint(byte[] model, byte[] tokenizerJson, String runtime) {
    return Fingerprint.of(
        model, tokenizerJson, ("ONNX Runtime " + runtime).getBytes(StandardCharsets.UTF_8));
  }

  static byte[] resource(String name) throws IOException {
    try (InputStream in = BgeTextTower.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException(name + " is not on the class path");
      }
      return in.readAllBytes();
    }
  }

  /**
   * Encodes texts.
   *
   * @param texts any number, any length; more than 512 tokens are cut
   * @return one unit vector of {@link #DIMENSION} per text, in order
   */
  public float[][] encode(List<String> texts) {
    return textsAndCuts(texts).vectors();
  }

  /** As {@link #encode}, and says which were cut. */
  EncodedTexts textsAndCuts(List<String> texts) {
    float[][] vectors = new float[texts.size()][];
    boolean[] cut = new boolean[texts.size()];
    if (threads == 1 || texts.size() == 1) {
      IntStream.range(0, vectors.length).forEach(i -> encode(texts.get(i), vectors, cut, i));
      return new EncodedTexts(vectors, cut);
    }
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < vectors.length; i++) {
      int row = i;
      running.add(workers.submit(() -> encode(texts.get(row), vectors, cut, row)));
    }
    running.forEach(BgeTextTower::await);
    return new EncodedTexts(vectors, cut);
  }

  private static void await(Future<?> text) {
    try {
      text.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while encoding texts", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  private void encode(String text, float[][] vectors, boolean[] cut, int row) {
    TextTokenizer.Tokens tokens = tokenizer.encode(text);
    cut[row] = tokens.cut();
    long[] shape = {1, tokens.length()};
    try (OnnxTensor ids = tensor(tokens.ids(), shape);
        OnnxTensor mask = tensor(tokens.mask(), shape);
        OnnxTensor types = tensor(tokens.types(), shape);
        OrtSession.Result result =
            session.run(
                Map.of("input_ids", ids, "attention_mask", mask, "token_type_ids", types))) {
      FloatBuffer hidden = ((OnnxTensor) result.get(0)).getFloatBuffer(); // [1, tokens, 384]
      float[] first = new float[DIMENSION];
      hidden.get(first);
      vectors[row] = UnitVector.of(first);
    } catch (OrtException e) {
      throw new WeftException(
          e,
          ExitCode.BUG,
          "Cannot encode the text '%s': ONNX Runtime says %s.",
          text,
          e.getMessage());
    }
  }

  private OnnxTensor tensor(long[] values, long[] shape) throws OrtException {
    return OnnxTensor.createTensor(environment, LongBuffer.wrap(values), shape);
  }

  /** A hash of the model, its tokenizer and what runs it, 64 hexadecimal digits. */
  public String fingerprint() {
    return fingerprint;
  }

  @Override
  public void close() {
    workers.shutdownNow();
    tokenizer.close();
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("cannot close the text tower", e);
    }
  }
}
