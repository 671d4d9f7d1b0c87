package dev.weft.index;

import dev.weft.compute.Workers;
import dev.weft.ingest.ImageKey;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The keys, locations and descriptions of N rows in a few large arrays: an object per image would
 * take more memory than the vector's code. A location holds a mark in place of the image's id,
 * which is all that most locations differ by. Rows are found by a hash table of their numbers, each
 * beside {@value #MARK_BITS} bits of the key's hash, so that nearly no wrong key is looked at.
 *
 * <p>Immutable, and safe to share between threads.
 */
final class KeyTable {
  /** Stands for the id in a location: a byte that no text in UTF-8 has. */
  private static final byte ID = (byte) 0xff;

  private static final int MARK_BITS = 8;

  private final Texts ids;
  private final Texts locations;
  private final Texts descriptions;
  private final PackedNumbers groups; // of each row
  private final ImageKey[] groupKeys; // data set and category; the id is empty
  private final Map<ImageKey, Integer> groupNumbers;
  private final int capacity;
  private final PackedNumbers slots; // row + 1 and mark by hash of the key, linear probing
  private final int size;

  private KeyTable(Builder builder, Workers workers) {
    size = builder.ids.length;
    ids = Texts.of(size, row -> builder.ids[row], workers);
    locations = Texts.of(size, builder::location, workers);
    descriptions = Texts.of(size, row -> builder.descriptions[row], workers);
    groupNumbers = Map.copyOf(builder.groupNumbers);
    groupKeys = new ImageKey[groupNumbers.size()];
    groupNumbers.forEach((key, number) -> groupKeys[number] = key);
    groups = new PackedNumbers(size, PackedNumbers.bits(Math.max(0, groupKeys.length - 1)));
    capacity = Math.addExact(size, size / 8 + 1);
    slots = new PackedNumbers(capacity, PackedNumbers.bits(size) + MARK_BITS);
    for (int row = 0; row < size; row++) {
      groups.set(row, builder.groups[row]);
      long hash = builder.hashes[row];
      int slot = slot(hash, builder.groups[row], builder.ids[row]);
      if (slots.get(slot) != 0) {
        throw new IllegalArgumentException("the image " + key(row) + " is in it twice");
      }
      slots.set(slot, ((row + 1L) << MARK_BITS) | mark(hash));
    }
  }

  int size() {
    return size;
  }

  ImageKey key(int row) {
    ImageKey group = group(row);
    return new ImageKey(group.dataset(), group.category(), id(row));
  }

  /** The key of a row but for its id. */
  ImageKey group(int row) {
    return groupKeys[(int) groups.get(row)];
  }

  String id(int row) {
    return ids.get(row);
  }

  String location(int row) {
    byte[] location = locations.bytes(row);
    int mark = 0;
    while (mark < location.length && location[mark] != ID) {
      mark++;
    }
    if (mark == location.length) {
      return new String(location, StandardCharsets.UTF_8);
    }
    return new String(location, 0, mark, StandardCharsets.UTF_8)
        + id(row)
        + new String(location, mark + 1, location.length - mark - 1, StandardCharsets.UTF_8);
  }

  /** Empty where there is none. */
  String description(int row) {
    return descriptions.get(row);
  }

  OptionalInt row(ImageKey key) {
    ImageKey group = new ImageKey(key.dataset(), key.category(), "");
    Integer number = groupNumbers.get(group);
    if (number == null) {
      return OptionalInt.empty();
    }
    byte[] id = key.id().getBytes(StandardCharsets.UTF_8);
    long slot = slots.get(slot(hash(group, id), number, id));
    return slot == 0 ? OptionalInt.empty() : OptionalInt.of((int) (slot >>> MARK_BITS) - 1);
  }

  long bytes() {
    return ids.bytes() + locations.bytes() + descriptions.bytes() + groups.bytes() + slots.bytes();
  }

  /** Where the key is, or where it would be put. */
  private int slot(long hash, int group, byte[] id) {
    int slot = (int) Math.multiplyHigh(hash >>> 1, (long) capacity << 1);
    while (true) {
      long found = slots.get(slot);
      int row = (int) (found >>> MARK_BITS) - 1;
      if (row < 0 || (mark(found) == mark(hash) && groups.get(row) == group && ids.is(row, id))) {
        return slot;
      }
      slot = slot + 1 == capacity ? 0 : slot + 1;
    }
  }

  /** The lowest bits, of a hash and of a slot. */
  private static long mark(long bits) {
    return bits & ((1 << MARK_BITS) - 1);
  }

  private static long hash(ImageKey group, byte[] id) {
    long hash = group.hashCode();
    for (byte value : id) {
      hash = (hash ^ value) * 0x100000001b3L;
    }
    hash = (hash ^ (hash >>> 32)) * 0x9e3779b97f4a7c15L;
    return hash ^ (hash >>> 29);
  }

  /** A data set and category, by number. */
  record Group(int number, ImageKey key) {}

  /** Collects the rows, in any order, from several threads if they set different rows. */
  static final class Builder {
    private final byte[][] ids;
    private final byte[][] locations;
    private final byte[][] descriptions;
    private final int[] groups;
    private final long[] hashes;
    private final Map<ImageKey, Integer> groupNumbers = new ConcurrentHashMap<>();
    private final AtomicInteger next = new AtomicInteger();

    Builder(int size) {
      ids = new byte[size][];
      locations = new byte[size][];
      descriptions = new byte[size][];
      groups = new int[size];
      hashes = new long[size];
    }

    /**
     * States the key of a row.
     *
     * @param group its data set and category
     * @param id in UTF-8
     */
    void set(int row, Group group, byte[] id) {
      ids[row] = id;
      groups[row] = group.number;
      hashes[row] = hash(group.key, id);
    }

    /** What rows of a data set and category have in common. */
    Group group(String dataset, String category) {
      ImageKey key = new ImageKey(dataset, category, "");
      return new Group(groupNumbers.computeIfAbsent(key, any -> next.getAndIncrement()), key);
    }

    /** States the texts of a row in UTF-8. */
    void describe(int row, byte[] location, byte[] description) {
      locations[row] = location;
      descriptions[row] = description;
    }

    /** A location with {@link #ID} in place of the id, if it has the id. */
    private byte[] location(int row) {
      byte[] location = locations[row];
      byte[] id = ids[row];
      for (int from = location.length - id.length; from >= 0 && id.length > 0; from--) {
        if (Arrays.equals(location, from, from + id.length, id, 0, id.length)) {
          byte[] marked = new byte[location.length - id.length + 1];
          System.arraycopy(location, 0, marked, 0, from);
          marked[from] = ID;
          System.arraycopy(location, from + id.length, marked, from + 1, marked.length - from - 1);
          return marked;
        }
      }
      return location;
    }

    /** Packs the rows; the table may be built once. */
    KeyTable build(Workers workers) {
      return new KeyTable(this, workers);
    }
  }
}
