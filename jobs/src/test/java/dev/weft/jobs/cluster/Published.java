package dev.weft.jobs.cluster;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.store.Artefact;
import dev.weft.store.FileEntry;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.schema.Type;

/**
 * What a root has published: the files of the newest version of each artefact.
 *
 * @param files artefact and name, such as {@code ingest images-00000.parquet}, to what is in it
 */
record Published(Map<String, Content> files) {

  /** How alike a file is in two roots. */
  enum Likeness {
    /** The files are the same. */
    BYTES,
    /**
     * The same rows in the same order, every value bit by bit; or the same JSON but for {@value
     * #RUN_KEY}.
     */
    CONTENT,
    /** Neither, or one of the roots lacks it. */
    DIFFERENT
  }

  /** Of a checkpoint: it names its inputs by the runs that wrote them, so each root has its own. */
  private static final String RUN_KEY = "config-hash";

  private static final Configuration SETTINGS = new Configuration();

  /**
   * Hashes of a file.
   *
   * @param bytes of all of it
   * @param content of what it says
   */
  private record Content(String bytes, String content) {}

  /** What a root has now. */
  static Published of(String root) throws IOException {
    Map<String, Content> files = new TreeMap<>();
    for (Artefact artefact : Artefact.all(SETTINGS, root)) {
      for (FileEntry file : artefact.require().manifest().files()) {
        Path path = new Path(artefact.folder(), "data/" + file.path());
        String name = file.name().replaceFirst("-\\d+(?=\\.parquet$)", ""); // the task's number
        Content twin = files.put(artefact.name() + " " + name, content(path));
        if (twin != null) {
          throw new IllegalStateException("two files are called " + artefact.name() + " " + name);
        }
      }
    }
    return new Published(files);
  }

  /** Artefacts of the root, by name. */
  List<String> artefacts() {
    return files.keySet().stream().map(name -> name.split(" ", 2)[0]).distinct().toList();
  }

  /** Every file that this or another root has, by how alike it is in both. */
  Map<Likeness, List<String>> compare(Published other) {
    Map<Likeness, List<String>> found = new EnumMap<>(Likeness.class);
    for (Likeness likeness : Likeness.values()) {
      found.put(likeness, new ArrayList<>());
    }
    TreeSet<String> names = new TreeSet<>(files.keySet());
    names.addAll(other.files.keySet());
    for (String name : names) {
      found.get(likeness(files.get(name), other.files.get(name))).add(name);
    }
    return found;
  }

  private static Likeness likeness(Content one, Content other) {
    if (one == null || other == null || !one.content().equals(other.content())) {
      return Likeness.DIFFERENT;
    }
    return Objects.equals(one.bytes(), other.bytes()) ? Likeness.BYTES : Likeness.CONTENT;
  }

  private static Content content(Path path) throws IOException {
    try (InputStream in = path.getFileSystem(SETTINGS).open(path)) {
      byte[] bytes = in.readAllBytes();
      String hash = DigestUtils.sha256Hex(bytes);
      if (path.getName().endsWith(".parquet")) {
        return new Content(hash, rows(path));
      }
      if (path.getName().equals("state.json")) {
        ObjectNode state = (ObjectNode) new JsonMapper().readTree(bytes);
        return new Content(hash, state.without(RUN_KEY).toString());
      }
      return new Content(hash, hash);
    }
  }

  /** A hash of the rows of a table, in their order. */
  private static String rows(Path path) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    try (ParquetReader<Group> reader =
        ParquetReader.builder(new GroupReadSupport(), path).withConf(SETTINGS).build()) {
      for (Group row = reader.read(); row != null; row = reader.read()) {
        write(row, out);
      }
    }
    return DigestUtils.sha256Hex(bytes.toByteArray());
  }

  private static void write(Group group, DataOutputStream out) throws IOException {
    for (int field = 0; field < group.getType().getFieldCount(); field++) {
      Type type = group.getType().getType(field);
      int values = group.getFieldRepetitionCount(field);
      out.writeUTF(type.getName());
      out.writeInt(values);
      for (int i = 0; i < values; i++) {
        if (type.isPrimitive()) {
          writeValue(group, field, i, out);
        } else {
          write(group.getGroup(field, i), out);
        }
      }
    }
  }

  private static void writeValue(Group group, int field, int index, DataOutputStream out)
      throws IOException {
    switch (group.getType().getType(field).asPrimitiveType().getPrimitiveTypeName()) {
      case BOOLEAN -> out.writeBoolean(group.getBoolean(field, index));
      case INT32 -> out.writeInt(group.getInteger(field, index));
      case INT64 -> out.writeLong(group.getLong(field, index));
      case FLOAT -> out.writeInt(Float.floatToRawIntBits(group.getFloat(field, index)));
      case DOUBLE -> out.writeLong(Double.doubleToRawLongBits(group.getDouble(field, index)));
      default -> {
        byte[] bytes = group.getBinary(field, index).getBytes();
        out.writeInt(bytes.length);
        out.write(bytes);
      }
    }
  }
}
