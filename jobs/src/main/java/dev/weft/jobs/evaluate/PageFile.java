package dev.weft.jobs.evaluate;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.jobs.Session;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.UUID;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;

/** The pages to look at, under {@code <root>/pages}. */
public final class PageFile {
  private PageFile() {}

  /**
   * Puts a page in its place, over an older one; it is never seen half-written.
   *
   * @param name file name, such as {@code wardrobe.html}
   * @param html its content
   * @return its URI
   */
  public static String publish(Session session, String name, byte[] html) {
    Path folder = new Path(session.config().root(), "pages");
    try {
      FileSystem files = folder.getFileSystem(session.hadoop());
      if (files instanceof LocalFileSystem local) {
        files = local.getRaw(); // without .crc files beside the pages
      }
      Path page = files.makeQualified(new Path(folder, name));
      Path fresh = new Path(page.getParent(), "." + name + "." + UUID.randomUUID());
      try (FSDataOutputStream out = files.create(fresh, false)) {
        out.write(html);
      }
      if (!renamed(files, fresh, page)) {
        files.delete(page, false); // HDFS renames over nothing
        if (!renamed(files, fresh, page)) {
          throw new IOException("cannot rename " + fresh + " to " + page);
        }
      }
      return page.toString();
    } catch (IOException e) {
      throw new WeftException(
          e,
          ExitCode.IO,
          "Cannot write the page %s in %s: %s. Check that the place can be written and has room,"
              + " then run the same command again.",
          name,
          folder,
          e.getMessage());
    }
  }

  private static boolean renamed(FileSystem files, Path from, Path to) throws IOException {
    try {
      return files.rename(from, to);
    } catch (FileNotFoundException e) {
      throw e;
    } catch (IOException e) { // some file systems throw where others return false
      if (files.exists(to)) {
        return false;
      }
      throw e;
    }
  }
}
