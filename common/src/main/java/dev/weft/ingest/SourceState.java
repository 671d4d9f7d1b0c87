package dev.weft.ingest;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * What the files of a data set look like from outside, so that ingest knows whether any was added,
 * changed or taken away since it last read them: path, length and modification time of each.
 */
public final class SourceState {
  private SourceState() {}

  /**
   * Looks at the annotation files, the descriptions and, where they are read, the images or the tar
   * archives that hold them.
   *
   * <p>It is the sum of the hashes of all files, so that they need not be held or sorted.
   *
   * @return 64 hexadecimal digits, equal for an unchanged data set
   */
  public static String of(Configuration hadoop, DataSource source, ImageMode images) {
    Sum sum = new Sum();
    sum.add(hadoop, source.annotations(), name -> name.matches(".*\\.jsonl?"));
    if (!source.descriptions().isBlank()) {
      sum.add(hadoop, source.descriptions(), name -> true);
    }
    if (images == ImageMode.READ && source.hasImages()) {
      sum.add(hadoop, source.images(), name -> ImageFile.isImage(name) || TarShard.isShard(name));
    }
    return DigestUtils.sha256Hex(sum.total.get().toByteArray());
  }

  /** The tar archives of a data set's images folder, sorted; none where it holds image files. */
  public static List<Path> shards(Configuration hadoop, DataSource source) {
    return Folder.of(hadoop, source.images()).shards();
  }

  private static final class Sum {
    private final AtomicReference<BigInteger> total = new AtomicReference<>(BigInteger.ZERO);

    void add(Configuration hadoop, String uri, Predicate<String> counts) {
      Folder.of(hadoop, uri)
          .forEachFile(
              file -> {
                if (counts.test(file.getPath().getName())) {
                  String line =
                      file.getPath() + " " + file.getLen() + " " + file.getModificationTime();
                  byte[] hash = DigestUtils.sha256(line.getBytes(StandardCharsets.UTF_8));
                  total.accumulateAndGet(new BigInteger(hash), BigInteger::add);
                }
              });
    }
  }
}
