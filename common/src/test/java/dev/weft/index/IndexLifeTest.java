package dev.weft.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.compute.Workers;
import dev.weft.ingest.ImageKey;
import dev.weft.store.Artefact;
import dev.weft.store.FaultFileSystem;
import dev.weft.store.FaultFileSystem.Killed;
import dev.weft.store.Retention;
import dev.weft.store.Snapshot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * An index through its changes, against a map in memory. {@code -Dweft.life.operations=1000} makes
 * it as many random changes.
 */
class IndexLifeTest {
  private static final Configuration HADOOP = FaultFileSystem.settings();
  private static final int WIDTH = 8;
  private static final int OPERATIONS = Integer.getInteger("weft.life.operations", 120);

  private final SplittableRandom random = new SplittableRandom(11);
  private final Artefact artefact;
  private final IndexEditor editor;
  private int attempts;
  private int numbers;

  IndexLifeTest() {
    HADOOP.setBoolean("weft.store.single-writer", true);
    FaultFileSystem.reset(true);
    artefact = Artefact.open(HADOOP, "fault:///life", "index");
    editor = new IndexEditor(HADOOP, artefact, 16, Samples.CLOCK);
  }

  @AfterEach
  void heal() {
    FaultFileSystem.reset(false);
    FaultFileSystem.clear();
  }

  private String attempt() {
    return "attempt-" + attempts++;
  }

  private List<IndexRow> fresh(int count) {
    List<IndexRow> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      rows.add(Samples.row(numbers++, Samples.unit(random, WIDTH)));
    }
    return rows;
  }

  /** Rows as plain values, in the order of their keys. */
  private static Map<ImageKey, List<Object>> values(List<IndexRow> rows) {
    Map<ImageKey, List<Object>> values = new TreeMap<>();
    for (IndexRow row : rows) {
      List<Float> vector = new ArrayList<>();
      for (float value : row.vector()) {
        vector.add(value);
      }
      values.put(row.key(), List.of(row.location(), row.description(), row.attributes(), vector));
    }
    return values;
  }

  private static Map<ImageKey, List<Object>> stored(Snapshot snapshot) {
    List<IndexRow> rows = new ArrayList<>();
    for (IndexRows file : IndexRows.of(HADOOP, snapshot)) {
      file.read(Optional.empty(), stored -> rows.add(stored.row()));
    }
    Map<ImageKey, List<Object>> values = values(rows);
    assertThat(values).hasSameSizeAs(rows);
    assertThat(IndexLayout.contract(snapshot).count()).isEqualTo(rows.size());
    return values;
  }

  private Map<ImageKey, List<Object>> created() {
    List<IndexRow> rows = fresh(40);
    try (Workers workers = new Workers(1)) {
      Cells cells = Cells.train(rows.stream().map(IndexRow::vector).toList(), 5, 3, 1, workers);
      IndexLayout layout = new IndexLayout(5, 2, 1, 0.95, 1, "a test");
      editor.create(attempt(), Samples.PRICED, Samples.contract(WIDTH), layout, cells, rows);
    }
    return values(rows);
  }

  @Test
  void everyChangeIsWhatAMapWouldHold() {
    Map<ImageKey, List<Object>> model = new TreeMap<>(created());

    List<IndexRow> added = fresh(20);
    editor.append(attempt(), added);
    model.putAll(values(added));
    assertThat(stored(artefact.require())).isEqualTo(model);

    IndexRow other =
        new IndexRow(
            Samples.key(3),
            "file:/new.png",
            Optional.empty(),
            Map.of("price", 1.5),
            Samples.unit(random, WIDTH));
    editor.replace(attempt(), List.of(other));
    model.putAll(values(List.of(other)));
    assertThat(stored(artefact.require())).isEqualTo(model);

    IndexEditor.Change deleted =
        editor.delete(attempt(), Set.of(Samples.key(3), Samples.key(41), Samples.key(9999)));
    assertThat(deleted.unknown()).containsExactly(Samples.key(9999));
    model.keySet().removeAll(Set.of(Samples.key(3), Samples.key(41)));
    assertThat(stored(artefact.require())).isEqualTo(model);

    long version = artefact.require().version();
    IndexEditor.Change nothing = editor.delete(attempt(), Set.of(Samples.key(9999)));
    assertThat(nothing.unknown()).containsExactly(Samples.key(9999));
    assertThat(nothing.index().version()).isEqualTo(version);
    assertThat(artefact.require().version()).isEqualTo(version);

    int files = artefact.require().files("index").size();
    Snapshot compact = editor.compact(attempt());
    assertThat(stored(compact)).isEqualTo(model);
    assertThat(compact.files("index")).hasSizeLessThan(files);
    assertThat(IndexLayout.of(compact)).isEqualTo(IndexLayout.of(artefact.at(1).orElseThrow()));
    assertThat(compact.manifest().facts()).containsEntry("edits", 4);
  }

  @Test
  void whatCannotBeDoneIsSaid() {
    created();
    assertThatThrownBy(
            () -> editor.append(attempt(), List.of(Samples.row(5, Samples.unit(random, WIDTH)))))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot append the image shop/shirt/id-5")
        .hasMessageContaining("Use replace");
    assertThatThrownBy(
            () -> editor.append(attempt(), List.of(Samples.row(99, Samples.unit(random, 3)))))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("its vector has 3 values, those of the index 8");
    IndexRow coloured =
        new IndexRow(
            Samples.key(99),
            "",
            Optional.empty(),
            Map.of("colour", "red"),
            Samples.unit(random, WIDTH));
    assertThatThrownBy(() -> editor.append(attempt(), List.of(coloured)))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("its attribute colour is 'red'")
        .hasMessageContaining("{price=DOUBLE}");
    assertThatThrownBy(() -> editor.delete(attempt(), stored(artefact.require()).keySet()))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot delete all 40 images");
    assertThat(artefact.require().version()).isEqualTo(1);
  }

  @Test
  void theSlowerOfTwoEditorsIsRefused() {
    created();
    List<IndexRow> rows = fresh(1);
    AtomicInteger calls = new AtomicInteger();
    FaultFileSystem.inject(
        (moment, call, path) -> {
          if (call.equals("create") && calls.getAndIncrement() == 0) {
            editor.delete(attempt(), Set.of(Samples.key(1)));
          }
        });

    assertThatThrownBy(() -> editor.append(attempt(), rows))
        .isInstanceOf(WeftException.class)
        .extracting("exitCode")
        .isEqualTo(ExitCode.TRY_LATER);
    FaultFileSystem.reset(true);
    assertThat(stored(artefact.require())).hasSize(39);
  }

  @Test
  void changesCutOffAnywhereLeaveTheOldIndexOrTheNew() {
    Map<ImageKey, List<Object>> model = created();
    Retention retention = new Retention(3, Duration.ZERO, Duration.ZERO);
    int killed = 0;
    int done = 0;
    for (int operation = 0; operation < OPERATIONS; operation++) {
      Map<ImageKey, List<Object>> next = new TreeMap<>(model);
      Runnable change = change(next, retention);
      AtomicInteger left = new AtomicInteger(random.nextInt(0, 160));
      boolean fault = random.nextInt(10) < 7;
      FaultFileSystem.inject(
          (moment, call, path) -> {
            if (fault && left.getAndDecrement() <= 0) {
              throw new Killed();
            }
          });
      boolean cut = false;
      try {
        change.run();
        done++;
      } catch (Killed | RuntimeException e) { // Parquet wraps what happens while it closes
        assertThat(fault && left.get() < 0).as("%s", e).isTrue();
        cut = true;
        killed++;
      }
      FaultFileSystem.reset(true);
      Map<ImageKey, List<Object>> found = stored(artefact.require());
      if (cut && found.equals(model)) {
        continue;
      }
      assertThat(found).as("operation %d", operation).isEqualTo(next);
      model = next;
    }
    assertThat(killed).isGreaterThan(OPERATIONS / 5);
    assertThat(done).isGreaterThan(OPERATIONS / 5);
    artefact.require().verify();
  }

  /** A random change, and what it makes of the model. */
  private Runnable change(Map<ImageKey, List<Object>> model, Retention retention) {
    int kind = random.nextInt(10);
    String attempt = attempt();
    if (kind < 3 || model.size() < 10) {
      List<IndexRow> rows = fresh(random.nextInt(1, 12));
      model.putAll(values(rows));
      return () -> editor.append(attempt, rows);
    }
    Set<ImageKey> some = new TreeSet<>();
    for (ImageKey key : model.keySet()) {
      if (random.nextInt(8) == 0 && some.size() < model.size() - 5) {
        some.add(key);
      }
    }
    if (kind < 6) {
      model.keySet().removeAll(some);
      return () -> editor.delete(attempt, some);
    }
    if (kind < 8) {
      List<IndexRow> rows = fresh(2);
      some.forEach(
          key ->
              rows.add(
                  new IndexRow(
                      key,
                      "file:/" + attempt,
                      Optional.empty(),
                      Map.of(),
                      Samples.unit(random, WIDTH))));
      model.putAll(values(rows));
      return () -> editor.replace(attempt, rows);
    }
    if (kind == 8) {
      return () -> editor.compact(attempt);
    }
    return () -> retention.plan(artefact, Samples.CLOCK).carryOut();
  }
}
