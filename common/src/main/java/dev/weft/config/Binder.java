package dev.weft.config;

import dev.weft.config.ConfigException.Problem;
import dev.weft.config.Settings.Setting;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.commons.text.similarity.LevenshteinDistance;

/**
 * Binds {@link Settings} to a tree of records, strictly: a missing or unknown key, a wrong type or
 * a value out of range is a problem, and all problems are reported together.
 *
 * <p>A record component {@code batchSize} of the section {@code train} is the key {@code
 * train.batch-size}. Components are {@code int}, {@code long}, {@code double}, {@code boolean},
 * {@code String}, an enum (its constants in kebab case), a {@code List} of these or of records, or
 * a nested record, which is a section.
 */
public final class Binder {
  /** {@code scheme://user:password@host}. */
  private static final Pattern PASSWORD = Pattern.compile("://[^/\\s@]*:[^/\\s@]*@");

  private final Settings settings;
  private final List<Problem> problems = new ArrayList<>();
  private final Set<String> known = new LinkedHashSet<>();

  private Binder(Settings settings) {
    this.settings = settings;
  }

  /**
   * Makes the record.
   *
   * @param settings all layers together
   * @param type the record of the whole configuration
   * @param place what to call the configuration in a report
   * @throws ConfigException with every problem found
   */
  public static <R extends Record> R bind(Settings settings, Class<R> type, String place) {
    Binder binder = new Binder(settings);
    Optional<R> bound = binder.section("", type);
    binder.refuseUnknownKeys();
    if (!binder.problems.isEmpty()) {
      throw new ConfigException(place, binder.problems);
    }
    return bound.orElseThrow();
  }

  /** The dotted keys that a record type has, in order. */
  public static List<String> keysOf(Class<? extends Record> type) {
    return keysOf("", type);
  }

  private static List<String> keysOf(String prefix, Class<?> type) {
    List<String> keys = new ArrayList<>();
    for (RecordComponent component : type.getRecordComponents()) {
      String key = prefix + kebab(component.getName());
      if (component.getType().isRecord()) {
        keys.addAll(keysOf(key + ".", component.getType()));
      } else {
        keys.add(key);
      }
    }
    return keys;
  }

  private <R> Optional<R> section(String prefix, Class<R> type) {
    RecordComponent[] components = type.getRecordComponents();
    Object[] arguments = new Object[components.length];
    boolean complete = true;
    for (int i = 0; i < components.length; i++) {
      String key = prefix + kebab(components[i].getName());
      Optional<?> argument =
          components[i].getType().isRecord()
              ? section(key + ".", components[i].getType())
              : leaf(key, components[i]);
      complete &= argument.isPresent();
      arguments[i] = argument.orElse(null);
    }
    return complete ? construct(type, arguments, prefix) : Optional.empty();
  }

  private Optional<?> leaf(String key, RecordComponent component) {
    known.add(key);
    Optional<Setting> setting;
    try {
      setting = settings.find(key);
    } catch (ConfigException e) {
      problems.addAll(e.problems());
      return Optional.empty();
    }
    if (setting.isEmpty()) {
      problems.add(
          new Problem(key, "is missing; conf/defaults.yaml has every key with its meaning"));
      return Optional.empty();
    }
    if (PASSWORD.matcher(String.valueOf(setting.get().value())).find()) {
      // It would be shown by every page, log and manifest that names the place.
      problems.add(
          new Problem(
              key,
              "has a password in a URI ("
                  + setting.get().place()
                  + "); give credentials by spark.hadoop.* or a credential provider"));
      return Optional.empty();
    }
    return convert(key, setting.get().place(), setting.get().value(), component.getGenericType());
  }

  private Optional<?> convert(String key, String place, Object value, Type type) {
    if (type instanceof ParameterizedType parameterized
        && parameterized.getRawType() == List.class) {
      return list(key, place, value, parameterized.getActualTypeArguments()[0]);
    }
    Class<?> raw = (Class<?>) type;
    if (raw.isRecord()) {
      return element(key, place, value, raw);
    }
    Optional<?> converted = scalar(value, raw);
    if (converted.isEmpty()) {
      problems.add(
          new Problem(
              key,
              "must be "
                  + (raw.isEnum() ? "one of " + constants(raw) : "of type " + name(raw))
                  + ", found '"
                  + value
                  + "' ("
                  + place
                  + ")"));
    }
    return converted;
  }

  private Optional<?> list(String key, String place, Object value, Type elementType) {
    if (!(value instanceof List<?> elements)) {
      problems.add(new Problem(key, "must be a list, found '" + value + "' (" + place + ")"));
      return Optional.empty();
    }
    List<Object> converted = new ArrayList<>();
    for (int i = 0; i < elements.size(); i++) {
      convert(key + "[" + i + "]", place, elements.get(i), elementType).ifPresent(converted::add);
    }
    return converted.size() == elements.size() ? Optional.of(converted) : Optional.empty();
  }

  /**
   * A record inside a list: bound by the same rules, from its own small settings; but there are no
   * defaults for it, so a text that is left out is empty.
   */
  private <R> Optional<R> element(String key, String place, Object value, Class<R> type) {
    if (!(value instanceof Map<?, ?> map)) {
      problems.add(
          new Problem(
              key,
              "must have the keys "
                  + Arrays.stream(type.getRecordComponents())
                      .map(component -> kebab(component.getName()))
                      .collect(Collectors.joining(", "))
                  + ", found '"
                  + value
                  + "' ("
                  + place
                  + ")"));
      return Optional.empty();
    }
    Map<String, Object> unread = new LinkedHashMap<>();
    map.forEach((name, element) -> unread.put(String.valueOf(name), element));
    RecordComponent[] components = type.getRecordComponents();
    Object[] arguments = new Object[components.length];
    boolean complete = true;
    List<String> names = new ArrayList<>();
    for (int i = 0; i < components.length; i++) {
      String name = kebab(components[i].getName());
      names.add(name);
      if (!unread.containsKey(name) && components[i].getType() == String.class) {
        arguments[i] = "";
        continue;
      }
      if (!unread.containsKey(name)) {
        problems.add(new Problem(key + "." + name, "is missing (" + place + ")"));
        complete = false;
        continue;
      }
      Optional<?> argument =
          convert(key + "." + name, place, unread.remove(name), components[i].getGenericType());
      complete &= argument.isPresent();
      arguments[i] = argument.orElse(null);
    }
    for (String name : unread.keySet()) {
      problems.add(unknown(key + "." + name, name, names, place));
      complete = false;
    }
    return complete ? construct(type, arguments, key + ".") : Optional.empty();
  }

  private <R> Optional<R> construct(Class<R> type, Object[] arguments, String prefix) {
    try {
      Class<?>[] types =
          Arrays.stream(type.getRecordComponents())
              .map(RecordComponent::getType)
              .toArray(Class<?>[]::new);
      return Optional.of(type.getDeclaredConstructor(types).newInstance(arguments));
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof ConfigException wrong) {
        wrong.problems().forEach(problem -> problems.add(placed(problem)));
        return Optional.empty();
      }
      throw new IllegalStateException("the record of '" + prefix + "' failed", e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot make the record of '" + prefix + "'", e);
    }
  }

  private Problem placed(Problem problem) {
    return settings
        .find(problem.key())
        .map(setting -> new Problem(problem.key(), problem.text() + " (" + setting.place() + ")"))
        .orElse(problem);
  }

  private void refuseUnknownKeys() {
    for (String key : settings.keys()) {
      if (!known.contains(key)) {
        String place = settings.find(key).map(Setting::place).orElse("");
        problems.add(unknown(key, key, known, place));
      }
    }
  }

  private static Problem unknown(String key, String name, Iterable<String> known, String place) {
    List<String> names = new ArrayList<>();
    known.forEach(names::add);
    String nearest =
        names.stream()
            .min(
                Comparator.comparingInt(
                    candidate -> LevenshteinDistance.getDefaultInstance().apply(name, candidate)))
            .map(candidate -> "; did you mean " + candidate + "?")
            .orElse("");
    return new Problem(key, "is not a known key" + nearest + " (" + place + ")");
  }

  private static Optional<?> scalar(Object value, Class<?> type) {
    if (type == String.class) {
      return value instanceof List || value instanceof Map
          ? Optional.empty()
          : Optional.of(String.valueOf(value));
    }
    if (type == boolean.class || type == Boolean.class) {
      return value instanceof Boolean ? Optional.of(value) : Optional.empty();
    }
    if (type == int.class || type == Integer.class) {
      return value instanceof Long whole && whole == whole.intValue()
          ? Optional.of(whole.intValue())
          : Optional.empty();
    }
    if (type == long.class || type == Long.class) {
      return value instanceof Long ? Optional.of(value) : Optional.empty();
    }
    if (type == double.class || type == Double.class) {
      return value instanceof Number number ? Optional.of(number.doubleValue()) : Optional.empty();
    }
    if (type.isEnum()) {
      return Arrays.stream(type.getEnumConstants())
          .filter(constant -> kebab((Enum<?>) constant).equals(String.valueOf(value)))
          .findFirst();
    }
    throw new IllegalArgumentException("no setting can be of type " + type);
  }

  private static String constants(Class<?> type) {
    return Arrays.stream(type.getEnumConstants())
        .map(constant -> kebab((Enum<?>) constant))
        .collect(Collectors.joining(", "));
  }

  private static String name(Class<?> type) {
    return type == String.class ? "text" : type.getSimpleName();
  }

  /** An enum constant as configuration and messages write it: {@code FIRST_ONLY} is first-only. */
  public static String kebab(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static String kebab(String camel) {
    return camel.replaceAll("([a-z0-9])([A-Z])", "$1-$2").toLowerCase(Locale.ROOT);
  }
}
