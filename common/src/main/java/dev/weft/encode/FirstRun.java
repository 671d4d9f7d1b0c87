package dev.weft.encode;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.commons.io.FileUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches a session from its creation to the end of its first run, by ONNX Runtime's own profile,
 * and says where the operators ran: a provider that could not start would leave all of them to the
 * processor without a word.
 */
final class FirstRun {
  private static final Logger LOG = LoggerFactory.getLogger(FirstRun.class);
  private static final String CUDA = "CUDAExecutionProvider";

  private final Path folder;
  private final long start = System.nanoTime();

  /** Begins to watch the session that is made with these options. */
  FirstRun(OrtSession.SessionOptions options) throws IOException, OrtException {
    this.folder = Files.createTempDirectory("weft-first-run");
    options.enableProfiling(folder.resolve("profile").toString());
  }

  /**
   * Ends the watch.
   *
   * @param session it has run once
   * @param graph its name, for messages
   * @param onGpu whether operators must have run on the GPU
   * @return how many operators each provider ran
   */
  Map<String, Integer> end(OrtSession session, String graph, boolean onGpu)
      throws OrtException, IOException {
    Path profile = Path.of(session.endProfiling());
    Map<String, Integer> operators;
    try {
      operators = operators(profile);
    } finally {
      discard();
    }
    LOG.info(
        "{} was loaded and ran its first batch in {} ms; operators by provider: {}",
        graph,
        (System.nanoTime() - start) / 1_000_000,
        operators);
    require(operators, graph, onGpu);
    return operators;
  }

  /** Deletes the profile; the session may not have run. */
  void discard() {
    FileUtils.deleteQuietly(folder.toFile());
  }

  /** A few operators, such as those on shapes, belong on the processor in any case. */
  static void require(Map<String, Integer> operators, String graph, boolean onGpu) {
    if (onGpu && !operators.containsKey(CUDA)) {
      throw new WeftException(
          ExitCode.RESOURCE_MISSING,
          "Cannot encode on the GPU: ONNX Runtime was given %s for %s and ran its operators by %s."
              + " Check the driver and CUDA's libraries on this machine (scripts/weft doctor), or set"
              + " encode.device to cpu.",
          CUDA,
          graph,
          operators);
    }
  }

  private static Map<String, Integer> operators(Path profile) throws IOException {
    Map<String, Integer> operators = new TreeMap<>();
    for (JsonNode event : new JsonMapper().readTree(profile.toFile())) {
      Optional.of(event.path("args").path("provider").asText(""))
          .filter(provider -> !provider.isEmpty())
          .ifPresent(provider -> operators.merge(provider, 1, Integer::sum));
    }
    return operators;
  }
}
