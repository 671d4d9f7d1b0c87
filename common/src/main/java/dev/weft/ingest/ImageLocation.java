package dev.weft.ingest;

import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;

/**
 * Where the bytes of an image are: a file, or a stretch of a tar archive. As text it is the URI of
 * the file, or {@code <URI of the archive>#<offset>+<length>/<name of the member>}.
 *
 * @param file URI of the file or the archive
 * @param offset of the first byte
 * @param length in bytes; {@link #WHOLE} for a file of its own
 * @param member its name in the archive; empty for a file of its own
 */
public record ImageLocation(String file, long offset, long length, String member) {
  /** To the end of the file. */
  public static final long WHOLE = -1;

  private static final Pattern MEMBER = Pattern.compile("(.+\\.tar)#(\\d+)\\+(\\d+)/(.+)");

  /** Reads the text of a location. */
  public static ImageLocation of(String text) {
    Matcher member = MEMBER.matcher(text);
    return member.matches()
        ? new ImageLocation(
            member.group(1),
            Long.parseLong(member.group(2)),
            Long.parseLong(member.group(3)),
            member.group(4))
        : new ImageLocation(text, 0, WHOLE, "");
  }

  /**
   * Reads the bytes.
   *
   * @param most how many at most
   */
  public byte[] read(Configuration hadoop, long most) throws IOException {
    Path path = new Path(file);
    try (FSDataInputStream in = path.getFileSystem(hadoop).open(path)) {
      if (offset > 0) {
        in.seek(offset);
      }
      return in.readNBytes(Math.toIntExact(length == WHOLE ? most : Math.min(length, most)));
    }
  }

  /** The text of the location. */
  @Override
  public String toString() {
    return length == WHOLE ? file : file + "#" + offset + "+" + length + "/" + member;
  }
}
