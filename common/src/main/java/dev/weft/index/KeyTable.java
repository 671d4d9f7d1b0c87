package dev.weft.index;

import dev.weft.ingest.ImageKey;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The keys and locations of N rows in a few large arrays: an object per image would take more
 * memory than the vector's code.
 *
 * <p>Immutable, and safe to share between threads.
 */
final class KeyTable {
  private final Texts ids;
  private final Texts locations;
  private final Texts descriptions;
  private final int[] groups;
  private final ImageKey[] groupKeys; // data set and category; the id is empty
  private final int[] slots; // row + 1 by hash of the key, linear probing

  private KeyTable(Builder builder) {
    ids = Texts.of(builder.ids);
    locations = Texts.of(builder.locations);
    descriptions = Texts.of(builder.descriptions);
    groups = builder.groups;
    groupKeys = builder.groupKeys.keySet().toArray(ImageKey[]::new);
    for (Map.Entry<ImageKey, Integer> entry : builder.groupKeys.entrySet()) {
      groupKeys[entry.getValue()] = entry.getKey();
    }
    slots = new int[Math.max(2, Integer.highestOneBit(Math.max(1, groups.length)) * 4)];
    for (int row = 0; row < groups.length; row++) {
      int slot = slot(key(row));
      if (slots[slot] != 0) {
        throw new IllegalArgumentException("the image " + key(row) + " is in it twice");
      }
      slots[slot] = row + 1;
    }
  }

  int size() {
    return groups.length;
  }

  ImageKey key(int row) {
    ImageKey group = groupKeys[groups[row]];
    return new ImageKey(group.dataset(), group.category(), ids.get(row));
  }

  String location(int row) {
    return locations.get(row);
  }

  /** Empty where there is none. */
  String description(int row) {
    return descriptions.get(row);
  }

  OptionalInt row(ImageKey key) {
    int row = slots[slot(key)] - 1;
    return row < 0 ? OptionalInt.empty() : OptionalInt.of(row);
  }

  long bytes() {
    return ids.bytes()
        + locations.bytes()
        + descriptions.bytes()
        + 4L * groups.length
        + 4L * slots.length;
  }

  /** Where the key is, or where it would be put. */
  private int slot(ImageKey key) {
    int hash = key.hashCode() * 0x9e3779b1;
    int slot = (hash ^ (hash >>> 15)) & (slots.length - 1);
    while (slots[slot] != 0 && !key.equals(key(slots[slot] - 1))) {
      slot = (slot + 1) & (slots.length - 1);
    }
    return slot;
  }

  /** Texts one after the other in UTF-8. */
  @SuppressWarnings("ArrayRecordComponent") // not compared
  private record Texts(byte[][] parts, int[][] ends) {
    private static final int PART = 1 << 16;

    static Texts of(List<byte[]> texts) {
      int count = (texts.size() + PART - 1) / PART;
      byte[][] parts = new byte[count][];
      int[][] ends = new int[count][];
      for (int part = 0; part < count; part++) {
        List<byte[]> some = texts.subList(part * PART, Math.min(texts.size(), (part + 1) * PART));
        int[] end = new int[some.size()];
        int length = 0;
        for (int i = 0; i < end.length; i++) {
          length = Math.addExact(length, some.get(i).length);
          end[i] = length;
        }
        byte[] all = new byte[length];
        for (int i = 0; i < end.length; i++) {
          byte[] text = some.get(i);
          System.arraycopy(text, 0, all, end[i] - text.length, text.length);
        }
        parts[part] = all;
        ends[part] = end;
      }
      return new Texts(parts, ends);
    }

    String get(int number) {
      int[] end = ends[number / PART];
      int i = number % PART;
      int from = i == 0 ? 0 : end[i - 1];
      return new String(parts[number / PART], from, end[i] - from, StandardCharsets.UTF_8);
    }

    long bytes() {
      long bytes = 0;
      for (int part = 0; part < parts.length; part++) {
        bytes += parts[part].length + 4L * ends[part].length;
      }
      return bytes;
    }
  }

  /** Collects the rows, in any order, from several threads if they set different rows. */
  static final class Builder {
    private final byte[][] idBytes;
    private final byte[][] locationBytes;
    private final byte[][] descriptionBytes;
    private final int[] groups;
    private final Map<ImageKey, Integer> groupKeys = new ConcurrentHashMap<>();
    private final AtomicInteger next = new AtomicInteger();
    private List<byte[]> ids = List.of();
    private List<byte[]> locations = List.of();
    private List<byte[]> descriptions = List.of();

    Builder(int size) {
      idBytes = new byte[size][];
      locationBytes = new byte[size][];
      descriptionBytes = new byte[size][];
      groups = new int[size];
    }

    /** States the key of a row; its id is UTF-8. */
    void set(int row, String dataset, String category, byte[] id) {
      idBytes[row] = id;
      groups[row] = group(new ImageKey(dataset, category, ""));
    }

    /** States the texts of a row in UTF-8. */
    void describe(int row, byte[] location, byte[] description) {
      locationBytes[row] = location;
      descriptionBytes[row] = description;
    }

    private int group(ImageKey key) {
      Integer known = groupKeys.get(key);
      return known == null ? groupKeys.computeIfAbsent(key, any -> next.getAndIncrement()) : known;
    }

    KeyTable build() {
      ids = Arrays.asList(idBytes);
      locations = Arrays.asList(locationBytes);
      descriptions = Arrays.asList(descriptionBytes);
      return new KeyTable(this);
    }
  }
}
