package dev.weft.index;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** Values of the attributes of N rows; equal values are kept once. */
final class Attributes {
  private final Map<String, Object[]> values = new LinkedHashMap<>();
  private final Map<Object, Object> once = new HashMap<>();

  Attributes(Iterable<String> names, int size) {
    names.forEach(name -> values.put(name, new Object[size]));
  }

  /** States a value; different rows may be set by several threads. */
  void set(int row, String name, Object value) {
    Object same;
    synchronized (once) {
      same = once.computeIfAbsent(value, any -> any);
    }
    values.get(name)[row] = same;
  }

  /** Null where there is none. */
  Object get(int row, String name) {
    return values.get(name)[row];
  }

  /** Bytes of the references to the values, in a heap of less than 32 GB. */
  long bytes() {
    return values.values().stream().mapToLong(column -> 4L * column.length).sum();
  }
}
