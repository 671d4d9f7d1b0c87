package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.compute.NativeBackend;
import dev.weft.compute.NativeVectors;
import dev.weft.train.HeadArchitecture.Gate;
import dev.weft.train.HeadArchitecture.Gated;
import dev.weft.train.Objective.Direction;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.nd4j.linalg.api.ndarray.INDArray;

class StepMemoryTest {
  private static final int ROWS = 768;
  private static final int WIDTH = 64;
  private static final int STEPS = 6;

  @BeforeAll
  static void startEngine() {
    NativeBackend.load();
  }

  @ParameterizedTest
  @EnumSource(Direction.class)
  void theStepsAfterTheFirstTakeNoMemoryForTilesOrCandidates(Direction direction) throws Exception {
    Objective objective = new Objective(direction, true, 0, 0, 0);
    Gated architecture = new Gated(WIDTH, Gate.VECTOR);
    Batches batches = new Batches(1, ROWS, ROWS);
    StepComputation computation =
        new StepComputation(architecture, Synthetic.random(ROWS, WIDTH, 1), batches, objective);
    GraphHead head = GraphHead.build(architecture);
    byte[] parameters = NativeVectors.bytes(head.parameters());
    step(computation, parameters, objective, 0);

    Set<Long> before = buffers(computation);
    for (int step = 1; step <= STEPS; step++) {
      step(computation, parameters, objective, step);
    }

    assertThat(before).hasSizeGreaterThan(8);
    assertThat(buffers(computation)).isEqualTo(before);
  }

  private static void step(
      StepComputation computation, byte[] parameters, Objective objective, int epoch) {
    StepRequest request = new StepRequest(epoch, epoch, 0, parameters, 20);
    LocalWorkers workers = new LocalWorkers(computation, 1);
    if (objective.needsColumns()) {
      request = request.withColumns(workers.columns(request));
    }
    workers.compute(request);
  }

  /** Where the tensors of at least a tile's size lie that a computation holds on to. */
  private static Set<Long> buffers(StepComputation computation) throws IllegalAccessException {
    Set<Long> addresses = new TreeSet<>();
    Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    Deque<Object> open = new ArrayDeque<>(List.of(computation));
    while (!open.isEmpty()) {
      Object object = open.pop();
      if (!seen.add(object)) {
        continue;
      }
      if (object instanceof INDArray array) {
        if (array.data().length() >= ROWS * WIDTH) {
          addresses.add(array.data().address());
        }
      } else if (object instanceof Object[] array) {
        Stream.of(array).filter(Objects::nonNull).forEach(open::push);
      } else if (object instanceof Collection<?> collection) {
        collection.forEach(open::push);
      } else if (object instanceof Map<?, ?> map) {
        map.values().forEach(open::push);
      } else if (object.getClass().getPackageName().equals("dev.weft.train")) {
        for (Class<?> type = object.getClass(); type != null; type = type.getSuperclass()) {
          for (Field field : type.getDeclaredFields()) {
            if (!Modifier.isStatic(field.getModifiers()) && !field.getType().isPrimitive()) {
              field.setAccessible(true);
              Optional.ofNullable(field.get(object)).ifPresent(open::push);
            }
          }
        }
      }
    }
    return addresses;
  }
}
