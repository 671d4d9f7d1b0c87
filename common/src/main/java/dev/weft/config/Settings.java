package dev.weft.config;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * Settings as dotted keys, each with the place it came from; a later layer replaces an earlier one
 * key by key.
 *
 * <p>A value is a scalar or a list; mappings become longer keys. Instances are immutable.
 */
public final class Settings {
  private static final Pattern REFERENCE = Pattern.compile("\\$\\{([a-z0-9.-]+)}");

  private final Map<String, Setting> values;

  /**
   * One value and its origin.
   *
   * @param value a {@link Boolean}, {@link Long}, {@link Double}, {@link String}, or a {@link List}
   *     of these or of {@link Map}s
   * @param place file and line, or the command line
   */
  public record Setting(Object value, String place) {}

  private Settings(Map<String, Setting> values) {
    this.values = values;
  }

  /** No settings at all. */
  public static Settings empty() {
    return new Settings(Map.of());
  }

  /**
   * Reads one YAML 1.2 document.
   *
   * @param yaml the text
   * @param file its name, for messages
   */
  public static Settings parse(String yaml, String file) {
    Map<String, Setting> values = new LinkedHashMap<>();
    try {
      Optional<Node> root =
          new Compose(LoadSettings.builder().setLabel(file).setAllowDuplicateKeys(false).build())
              .composeString(yaml);
      root.ifPresent(node -> flatten("", node, file, values));
    } catch (YamlEngineException e) {
      throw new WeftException(
          e,
          ExitCode.CONFIG,
          "Cannot read the configuration %s: it is not valid YAML. %s",
          file,
          e.getMessage());
    }
    return new Settings(values);
  }

  /**
   * Reads {@code key=value} pairs from the command line; a value is read as YAML, so lists are
   * written {@code key=[a, b]}.
   */
  public static Settings ofPairs(List<String> pairs) {
    Map<String, Setting> values = new LinkedHashMap<>();
    for (String pair : pairs) {
      int equals = pair.indexOf('=');
      if (equals <= 0) {
        throw new WeftException(
            ExitCode.USAGE,
            "Cannot read --set %s: there is no key before an '='. Write --set key=value, such as"
                + " --set train.epochs=3.",
            pair);
      }
      String key = pair.substring(0, equals).strip();
      String text = pair.substring(equals + 1);
      Settings parsed = parse(text.isBlank() ? "v: ''" : "v: " + text, "--set " + key);
      parsed.values.forEach(
          (path, setting) ->
              values.put(key + path.substring(1), new Setting(setting.value(), "--set")));
    }
    return new Settings(values);
  }

  /** These settings, with those of {@code later} in place of ours where both have a key. */
  public Settings overriddenBy(Settings later) {
    Map<String, Setting> merged = new LinkedHashMap<>(values);
    merged.putAll(later.values);
    return new Settings(merged);
  }

  /** All keys, in the order of the first layer that has them. */
  public Collection<String> keys() {
    return values.keySet();
  }

  /** The setting of a key, with every <code>${key}</code> in its text replaced. */
  public Optional<Setting> find(String key) {
    return Optional.ofNullable(values.get(key))
        .map(setting -> new Setting(resolve(setting.value(), key, List.of()), setting.place()));
  }

  private Object resolve(Object value, String key, List<String> path) {
    if (value instanceof List<?> list) {
      return list.stream().map(element -> resolve(element, key, path)).toList();
    }
    if (value instanceof Map<?, ?> map) {
      Map<Object, Object> resolved = new LinkedHashMap<>();
      map.forEach((name, element) -> resolved.put(name, resolve(element, key, path)));
      return resolved;
    }
    if (!(value instanceof String text) || !text.contains("${")) {
      return value;
    }
    return REFERENCE.matcher(text).replaceAll(match -> referenced(match.group(1), key, path));
  }

  private String referenced(String name, String key, List<String> path) {
    List<String> longer = new ArrayList<>(path);
    longer.add(key);
    Setting setting = values.get(name);
    if (setting == null || longer.contains(name)) {
      throw new ConfigException(
          "the configuration",
          List.of(
              new ConfigException.Problem(
                  key,
                  setting == null
                      ? "refers to ${" + name + "}, which is not a known key"
                      : "refers to itself through ${" + name + "}")));
    }
    return Matcher.quoteReplacement(String.valueOf(resolve(setting.value(), name, longer)));
  }

  private static void flatten(String key, Node node, String file, Map<String, Setting> values) {
    if (!(node instanceof MappingNode mapping)) {
      Setting earlier = values.put(key, new Setting(plain(node), place(node, file)));
      if (earlier != null) {
        throw new ConfigException(
            file,
            List.of(
                new ConfigException.Problem(
                    key, "is set twice: " + earlier.place() + " and " + place(node, file))));
      }
      return;
    }
    for (NodeTuple tuple : mapping.getValue()) {
      String name = String.valueOf(plain(tuple.getKeyNode()));
      flatten(key.isEmpty() ? name : key + "." + name, tuple.getValueNode(), file, values);
    }
  }

  private static Object plain(Node node) {
    if (node instanceof SequenceNode sequence) {
      return sequence.getValue().stream().map(Settings::plain).toList();
    }
    if (node instanceof MappingNode mapping) {
      Map<String, Object> map = new LinkedHashMap<>();
      mapping
          .getValue()
          .forEach(
              tuple ->
                  map.put(String.valueOf(plain(tuple.getKeyNode())), plain(tuple.getValueNode())));
      return map;
    }
    String text = ((ScalarNode) node).getValue();
    Tag tag = node.getTag();
    if (tag.equals(Tag.BOOL)) {
      return Boolean.parseBoolean(text);
    }
    if (tag.equals(Tag.INT)) {
      return number(text);
    }
    if (tag.equals(Tag.FLOAT)) {
      return text.matches("[-+]?\\.(inf|Inf|INF)|\\.(nan|NaN|NAN)") ? text : Double.valueOf(text);
    }
    return tag.equals(Tag.NULL) ? "" : text;
  }

  private static Object number(String text) {
    try {
      return Long.decode(text);
    } catch (NumberFormatException e) {
      return text; // octal 0o17 or beyond 64 bits: the binder says what type was wanted
    }
  }

  private static String place(Node node, String file) {
    return node.getStartMark().map(mark -> file + ", line " + (mark.getLine() + 1)).orElse(file);
  }
}
