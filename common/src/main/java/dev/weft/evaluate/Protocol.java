package dev.weft.evaluate;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.config.Binder;
import dev.weft.encode.CaptionForm;
import dev.weft.ingest.Triplet;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Exactly how a number was made: which queries, which candidates, whether the reference competes.
 * Numbers of different protocols are not comparable.
 *
 * <p>Names: {@code fashioniq/original}, {@code fashioniq/original-noref}, {@code
 * fashioniq/val-union}; {@code circo/val}, {@code circo/val-noref}; {@code cirr/val}; and the same
 * after the name of any other data set, such as {@code wardrobe/original}. On a split other than
 * {@code val} the name says so: {@code fashioniq/train-original}, {@code circo/train}. So it does
 * where several captions are not joined as CLIP4Cir joins them: {@code
 * fashioniq/original+both-orders-averaged} (SEARLE, LinCIR), {@code fashioniq/original+comma-and}
 * (BGE-VL), or the forms that are averaged, one after the other.
 *
 * <p>Who used which cohort in print is listed by Baldrati et al. (CLIP4Cir, SEARLE: the original
 * split with the reference), Ventura et al. (CoVR: without it) and Chen et al. (VAL: the union).
 *
 * @param dataset name of the data set
 * @param family its shape
 * @param split {@code val} in print
 * @param cohort the candidates; a CIRCO gallery is always whole, so there {@code VAL_UNION} only
 *     removes the reference; on CIRR the reference is always removed and nothing else is
 * @param captions the texts of a query, whose vectors are averaged; at least one. Families other
 *     than FashionIQ's have one caption per query, and nothing to join
 */
public record Protocol(
    String dataset, Family family, String split, CandidateRule cohort, List<CaptionForm> captions) {
  private static final Map<String, List<CaptionForm>> JOINERS =
      Map.of(
          "both-orders-averaged",
          List.of(CaptionForm.FIRST_AND_SECOND, CaptionForm.SECOND_AND_FIRST),
          "comma-and",
          List.of(CaptionForm.COMMA_AND));
  private static final List<CaptionForm> CLIP4CIR = List.of(CaptionForm.FIRST_AND_SECOND);

  private static final Map<String, Map<String, Counts>> PUBLISHED =
      Map.of(
          "fashioniq/original",
          Map.of(
              "dress", new Counts(2017, 3817),
              "shirt", new Counts(2038, 6346),
              "toptee", new Counts(1961, 5373)),
          "fashioniq/val-union",
          Map.of(
              "dress", new Counts(2017, 2628),
              "shirt", new Counts(2038, 3089),
              "toptee", new Counts(1961, 2902)),
          "fashioniq/train-original",
          Map.of(
              "dress", new Counts(5985, 11452),
              "shirt", new Counts(5988, 19036),
              "toptee", new Counts(6027, 16121)),
          "fashioniq/test-original",
          Map.of(
              "dress", new Counts(2024, 3818),
              "shirt", new Counts(2038, 6346),
              "toptee", new Counts(2056, 5374)),
          "circo/val",
          Map.of("", new Counts(220, 123403)),
          "circo/test",
          Map.of("", new Counts(800, 123403)),
          "cirr/val",
          Map.of("", new Counts(4181, 2297)),
          "cirr/test",
          Map.of("", new Counts(4148, 2315)));

  /**
   * Sizes of one category.
   *
   * @param queries number of queries
   * @param gallery number of images, the reference included
   */
  public record Counts(int queries, int gallery) {}

  /** Data sets everybody knows, and those that Weft draws. */
  private static final Map<String, Family> FAMILIES =
      Map.of(
          "fashioniq", Family.FASHIONIQ,
          "wardrobe", Family.FASHIONIQ,
          "circo", Family.CIRCO,
          "wardrobe-circo", Family.CIRCO,
          "cirr", Family.CIRR);

  public Protocol {
    captions = family == Family.FASHIONIQ ? List.copyOf(captions) : CLIP4CIR;
  }

  /** With captions joined as CLIP4Cir joins them. */
  public Protocol(String dataset, Family family, String split, CandidateRule cohort) {
    this(dataset, family, split, cohort, CLIP4CIR);
  }

  /**
   * The protocol of a name.
   *
   * @param name such as {@code fashioniq/val-union}
   * @param datasets families of further data sets by name
   * @throws WeftException with {@link ExitCode#USAGE} if no protocol has it
   */
  public static Protocol named(String name, Map<String, Family> datasets) {
    Map<String, Family> families = new TreeMap<>(FAMILIES);
    families.putAll(datasets);
    List<String> known = new ArrayList<>();
    for (Map.Entry<String, Family> dataset : families.entrySet()) {
      for (String split : List.of("val", "train", "test")) {
        for (CandidateRule cohort : CandidateRule.values()) {
          Protocol protocol = new Protocol(dataset.getKey(), dataset.getValue(), split, cohort);
          if (protocol.name().equals(name)) {
            return protocol;
          }
          for (List<CaptionForm> forms : forms(name)) {
            Protocol joined =
                new Protocol(dataset.getKey(), dataset.getValue(), split, cohort, forms);
            if (joined.name().equals(name)) {
              return joined;
            }
          }
          if (split.equals("val") && !known.contains(protocol.name())) {
            known.add(protocol.name());
          }
        }
      }
    }
    throw new WeftException(
        ExitCode.USAGE,
        "Cannot find the protocol '%s'. There are %s; a data set of your own has the same after its"
            + " name when --config names it. Where queries have several captions, +%s says that"
            + " they are joined in another way than CLIP4Cir's.",
        name,
        String.join(", ", known),
        String.join(" or +", new TreeSet<>(JOINERS.keySet())));
  }

  /** The forms that the end of a name may stand for: none, or one list of them. */
  private static List<List<CaptionForm>> forms(String name) {
    int plus = name.indexOf('+');
    if (plus < 0) {
      return List.of();
    }
    String label = name.substring(plus + 1);
    if (JOINERS.containsKey(label)) {
      return List.of(JOINERS.get(label));
    }
    List<CaptionForm> forms = new ArrayList<>();
    for (String part : label.split("\\+", -1)) {
      for (CaptionForm form : CaptionForm.values()) {
        if (Binder.kebab(form).equals(part)) {
          forms.add(form);
        }
      }
    }
    return forms.isEmpty() ? List.of() : List.of(forms);
  }

  /** How the captions are joined, for the end of the name; empty for CLIP4Cir's way. */
  private String joiner() {
    if (captions.equals(CLIP4CIR)) {
      return "";
    }
    return "+"
        + JOINERS.entrySet().stream()
            .filter(joiner -> joiner.getValue().equals(captions))
            .map(Map.Entry::getKey)
            .findFirst()
            .orElseGet(() -> captions.stream().map(Binder::kebab).collect(Collectors.joining("+")));
  }

  /** The name that goes with every number. */
  public String name() {
    return cohortName() + joiner();
  }

  private String cohortName() {
    boolean published = split.equals("val");
    return dataset
        + "/"
        + switch (family) {
          case FASHIONIQ -> {
            String label = Binder.kebab(cohort);
            yield published ? label : split + "-" + label.replace("val-", "");
          }
          case CIRCO -> referenceRemoved() ? split + "-noref" : split;
          case CIRR -> split;
        };
  }

  /** Whether the reference of a query is taken out of its candidates. */
  public boolean referenceRemoved() {
    return family == Family.CIRR || cohort != CandidateRule.ORIGINAL;
  }

  /**
   * The candidates of one category.
   *
   * @param listed the images of the split as published, in order, without duplicates
   * @param triplets the queries of the category and split, in order
   * @return image ids; a union in first-seen order, the reference of a triplet before its target
   */
  public List<String> gallery(List<String> listed, List<Triplet> triplets) {
    if (family == Family.FASHIONIQ && cohort == CandidateRule.VAL_UNION) {
      Set<String> union = new LinkedHashSet<>();
      for (Triplet triplet : triplets) {
        union.add(triplet.reference());
        triplet.target().ifPresent(union::add);
      }
      return List.copyOf(union);
    }
    Set<String> seen = new HashSet<>();
    for (String image : listed) {
      if (!seen.add(image)) {
        throw new WeftException(
            ExitCode.BAD_ROWS,
            "Cannot evaluate %s: the gallery lists the image %s twice, which would count it as two"
                + " candidates. Remove one of the two lines.",
            name(),
            image);
      }
    }
    return List.copyOf(listed);
  }

  /**
   * The sizes in print, per category; empty for a data set of one's own. Removing references leaves
   * them as they are.
   */
  public Map<String, Counts> published() {
    String name = cohortName();
    return PUBLISHED.getOrDefault(
        name.endsWith("-noref") ? name.substring(0, name.length() - "-noref".length()) : name,
        Map.of());
  }

  @Override
  public String toString() {
    return name();
  }
}
