package dev.weft.align;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.OwnProcess;
import dev.weft.compute.NativeBackend;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Driver and executors are processes of their own: each has to start the engine before its first
 * tensor, or it computes with another variant of it, to other last bits.
 */
class AlignEngineTest {
  /** What a process of its own does first. */
  enum First {
    TRAINER {
      @Override
      void run() {
        AlignConfig config = AlignTrainerTest.config(1, 10, 100);
        new AlignTrainer(config, new AlignModel.Adapters(4, 10), 8, 1)
            .train(new Told(), progress -> {});
      }
    },
    STEP {
      @Override
      void run() {
        new AlignModel.Adapters(4, 10).step(1);
        tell();
      }
    };

    abstract void run();
  }

  /** Ends the process at the first request. */
  private static final class Told implements AlignWorkers {
    @Override
    public List<Embeddings> embed(AlignRequest request) {
      tell();
      throw new IllegalStateException("not reached");
    }

    @Override
    public List<PartialGradient> gradient(
        AlignRequest request, Embeddings all, SymmetricLoss.Normalizers normalizers) {
      throw new IllegalStateException("not reached");
    }
  }

  private static void tell() {
    System.out.println("engine " + NativeBackend.running().isPresent());
    System.exit(0);
  }

  public static void main(String[] arguments) {
    First.valueOf(arguments[0]).run();
  }

  @ParameterizedTest
  @EnumSource(First.class)
  void theEngineRunsBeforeTheFirstTensor(First first) throws Exception {
    assertThat(OwnProcess.output(AlignEngineTest.class, List.of(), Map.of(), first.name()))
        .contains("engine true");
  }
}
