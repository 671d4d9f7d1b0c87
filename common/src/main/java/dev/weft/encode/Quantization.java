package dev.weft.encode;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Which operators on few bits a graph has, by their names, which its file spells out. */
final class Quantization {
  /** Quantises by the range of its whole input, so rows of a batch mix. */
  private static final List<String> BY_RANGE = List.of("DynamicQuantizeLinear");

  /** Parts of the names of all operators on 8 and 4 bits, of ONNX and of ONNX Runtime. */
  private static final List<String> FEW_BITS =
      List.of("Quantize", "QLinear", "Integer", "NBits", "Bnb4", "QAttention", "QGemm");

  private static final Map<String, Boolean> KNOWN = new ConcurrentHashMap<>();

  private Quantization() {}

  /** Whether the result of a row depends on the rows beside it. */
  static boolean mixesRows(Path graph) throws IOException {
    return contains(graph, BY_RANGE);
  }

  /**
   * Whether any operator computes on few bits: how these round differs between versions of ONNX
   * Runtime, so that a vector has moved down to a cosine of 0.997.
   *
   * @param sha256 of the file, which is read once per process
   */
  static boolean isUsedIn(Path graph, String sha256) throws IOException {
    Boolean known = KNOWN.get(sha256);
    if (known == null) {
      known = contains(graph, FEW_BITS);
      KNOWN.put(sha256, known);
    }
    return known;
  }

  private static boolean contains(Path file, List<String> words) throws IOException {
    byte[][] wanted =
        words.stream().map(word -> word.getBytes(StandardCharsets.US_ASCII)).toArray(byte[][]::new);
    try (FileChannel channel = FileChannel.open(file)) {
      MappedByteBuffer bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
      for (int at = 0; at < bytes.limit(); at++) {
        for (byte[] word : wanted) {
          if (bytes.get(at) == word[0] && isAt(bytes, at, word)) {
            return true;
          }
        }
      }
      return false;
    }
  }

  private static boolean isAt(MappedByteBuffer bytes, int at, byte[] word) {
    int same = 0;
    while (same < word.length && at + same < bytes.limit() && bytes.get(at + same) == word[same]) {
      same++;
    }
    return same == word.length;
  }
}
