package dev.weft.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.List;
import org.junit.jupiter.api.Test;

class BinderTest {
  enum Mode {
    FIRST_ONLY,
    BOTH
  }

  record Source(String name, int parts) {}

  record Train(int epochs, double learningRate, Mode mode, boolean shuffle) {
    Train {
      Rules.of("train")
          .require(epochs >= 1, "epochs", epochs, "must be at least 1")
          .require(learningRate > 0, "learning-rate", learningRate, "must be positive")
          .enforce();
    }
  }

  private static final String DEFAULTS =
      """
      root: runs/a
      seed: 1
      train:
        epochs: 3
        learning-rate: 1e-3
        mode: both
        shuffle: true
      sources: []
      """;

  record Simple(String root, long seed, Train train, List<Source> sources) {}

  private static Simple bind(String file, String... pairs) {
    Settings settings =
        Settings.parse(DEFAULTS, "defaults.yaml")
            .overriddenBy(Settings.parse(file, "my.yaml"))
            .overriddenBy(Settings.ofPairs(List.of(pairs)));
    return Binder.bind(settings, Simple.class, "my.yaml");
  }

  @Test
  void laterLayersReplaceEarlierOnesKeyByKey() {
    Simple bound = bind("train:\n  epochs: 5\n", "train.mode=first-only", "seed=9");

    assertThat(bound)
        .isEqualTo(new Simple("runs/a", 9, new Train(5, 0.001, Mode.FIRST_ONLY, true), List.of()));
  }

  @Test
  void everyProblemIsReportedAtOnceWithItsPlace() {
    assertThatThrownBy(
            () ->
                bind(
                    """
                    train:
                      epochs: fast
                      learning-rate: 0.1
                      mode: each
                      batchsize: 3
                    sources:
                      - {name: a, part: 2}
                    """))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith("5 problems in my.yaml:")
        .hasMessageContaining("train.epochs must be of type int, found 'fast' (my.yaml, line 2)")
        .hasMessageContaining(
            "train.mode must be one of first-only, both, found 'each' (my.yaml, line 4)")
        .hasMessageContaining("sources[0].parts is missing")
        .hasMessageContaining("sources[0].part is not a known key; did you mean parts?")
        .hasMessageContaining("train.batchsize is not a known key; did you mean train.");
  }

  @Test
  void brokenRulesOfASectionComeTogether() {
    assertThatThrownBy(() -> bind("train:\n  epochs: 0\n  learning-rate: -1\n"))
        .hasMessageContaining("2 problems in my.yaml:")
        .hasMessageContaining("train.epochs must be at least 1, found '0' (my.yaml, line 2)")
        .hasMessageContaining("train.learning-rate must be positive, found '-1.0'");
  }

  @Test
  void missingKeysAreNamed() {
    assertThatThrownBy(
            () ->
                Binder.bind(
                    Settings.parse("root: a\nseed: 1\nsources: []\n", "x.yaml"),
                    Simple.class,
                    "x.yaml"))
        .hasMessageContaining("train.epochs is missing; conf/defaults.yaml has every key");
  }

  @Test
  void textRefersToOtherKeys() {
    Simple bound = bind("sources:\n  - {name: '${root}/x-${seed}', parts: 2}\n", "root=hdfs:///w");

    assertThat(bound.sources()).containsExactly(new Source("hdfs:///w/x-1", 2));
  }

  @Test
  void aTextThatAnElementLeavesOutIsEmpty() {
    assertThat(bind("sources:\n  - {parts: 2}\n").sources()).containsExactly(new Source("", 2));
  }

  @Test
  void aTextThatRefersToItselfIsRefused() {
    assertThatThrownBy(() -> bind("root: ${root}/x\n"))
        .hasMessageContaining("root refers to itself through ${root}");
  }

  @Test
  void aKeyTwiceIsRefused() {
    assertThatThrownBy(() -> bind("seed: 1\nseed: 2\n"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("seed is set twice: my.yaml, line 1 and my.yaml, line 2");
  }

  @Test
  void aPairWithoutKeyIsAUsageError() {
    assertThatThrownBy(() -> bind("", "epochs"))
        .hasMessageContaining("Write --set key=value")
        .extracting(e -> ((WeftException) e).exitCode())
        .isEqualTo(ExitCode.USAGE);
  }

  @Test
  void keysOfARecordAreItsDottedComponents() {
    assertThat(Binder.keysOf(Simple.class))
        .containsExactly(
            "root",
            "seed",
            "train.epochs",
            "train.learning-rate",
            "train.mode",
            "train.shuffle",
            "sources");
  }
}
