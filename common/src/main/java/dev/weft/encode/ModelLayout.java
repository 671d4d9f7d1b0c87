package dev.weft.encode;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which files of a folder make up the model: the layout that the public ONNX exports share.
 *
 * <pre>
 *   [onnx/]vision_model.onnx  [onnx/]text_model.onnx     two towers, either alone is an encoder of one kind
 *   [onnx/]model.onnx                                    both in one graph
 *   tokenizer.json  tokenizer_config.json  preprocessor_config.json  config.json
 * </pre>
 *
 * <p>Weights of other precision have its name after an underscore, {@code vision_model_fp16.onnx};
 * tensors kept outside of the graph lie beside it, {@code vision_model.onnx_data}.
 *
 * @param image the graph of the image tower, a path in the folder
 * @param text the graph of the text tower; the same where both are in one
 * @param files everything the encoder needs, sorted
 */
record ModelLayout(Optional<String> image, Optional<String> text, List<String> files) {
  private static final Pattern GRAPH =
      Pattern.compile("(?:onnx/)?(vision_model|text_model|model)(?:_(\\w+))?\\.onnx");
  private static final List<String> SETTINGS =
      List.of("config.json", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json");
  private static final String PLAIN = "fp32";

  ModelLayout {
    files = List.copyOf(files);
  }

  /**
   * Chooses among the files of a folder.
   *
   * @param place the folder, for messages
   * @param names paths in it
   * @param variant see {@link ModelOptions#variant}
   */
  static ModelLayout of(String place, Collection<String> names, String variant) {
    Optional<String> joint = graph(names, "model", variant);
    Optional<String> image = graph(names, "vision_model", variant);
    Optional<String> text = graph(names, "text_model", variant);
    if (joint.isPresent() && (image.isEmpty() || text.isEmpty())) {
      image = joint;
      text = joint;
    }
    if (image.isEmpty() && text.isEmpty()) {
      throw missing(place, names, variant);
    }
    TreeSet<String> files = new TreeSet<>();
    for (String name : names) {
      if (SETTINGS.contains(name) || belongs(name, image) || belongs(name, text)) {
        files.add(name);
      }
    }
    require(place, names, text.isPresent(), "tokenizer.json", "a text tower");
    require(place, names, image.isPresent(), "preprocessor_config.json", "an image tower");
    return new ModelLayout(image, text, List.copyOf(files));
  }

  private static Optional<String> graph(Collection<String> names, String stem, String variant) {
    String file = variant.equals(PLAIN) ? stem + ".onnx" : stem + "_" + variant + ".onnx";
    return List.of("onnx/" + file, file).stream().filter(names::contains).findFirst();
  }

  /** The graph itself, or its tensors. */
  private static boolean belongs(String name, Optional<String> graph) {
    return graph.isPresent()
        && (name.equals(graph.get())
            || name.startsWith(graph.get() + "_data")
            || name.startsWith(graph.get() + ".data"));
  }

  private static void require(
      String place, Collection<String> names, boolean needed, String file, String by) {
    if (needed && !names.contains(file)) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot use the model in %s: %s needs %s beside it, and there is none among %s. Copy it"
              + " from where the model was published.",
          place,
          by,
          file,
          names);
    }
  }

  private static WeftException missing(String place, Collection<String> names, String variant) {
    TreeSet<String> variants = new TreeSet<>();
    List<String> onnx = new ArrayList<>();
    for (String name : names) {
      Matcher graph = GRAPH.matcher(name);
      if (graph.matches()) {
        variants.add(graph.group(2) == null ? PLAIN : graph.group(2));
      }
      if (name.endsWith(".onnx")) {
        onnx.add(name);
      }
    }
    return new WeftException(
        ExitCode.INPUT_MISSING,
        "Cannot use the model in %s: with encode.variant=%s it needs vision_model and text_model, or"
            + " model, ending in %s, in the folder or in its folder onnx; found %s. %s",
        place,
        variant,
        variant.equals(PLAIN) ? ".onnx" : "_" + variant + ".onnx",
        onnx.isEmpty() ? "no .onnx file" : onnx,
        variants.isEmpty()
            ? "Export it to ONNX, or name the folder that holds it."
            : "Set encode.variant to one of " + variants + ".");
  }
}
