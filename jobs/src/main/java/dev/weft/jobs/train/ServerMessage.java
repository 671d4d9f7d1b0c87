package dev.weft.jobs.train;

import dev.weft.train.StepRequest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * What a {@link ServedTask} and the {@link ParameterServer} say to each other: little-endian, and
 * the parameters and gradients arrays of their own, which nobody copies.
 */
final class ServerMessage {
  private static final byte FIRST_PASS = 1; // of a symmetric loss
  private static final byte GRADIENT = 2;
  private static final byte WORK = 0;
  private static final byte WAIT = 1;
  private static final byte LEAVE = 2;

  private ServerMessage() {}

  /**
   * A worker wants a slice, and says what became of the last.
   *
   * @param worker the number of its task in Spark
   * @param step number of the step whose parameters it holds, -1 for none
   * @param ticket of the pass that it worked for, 0 for none
   * @param slice its slice
   * @param result what it found
   */
  record Ask(long worker, long step, long ticket, int slice, Optional<SliceResult> result) {
    private static final int HEADER = 3 * Long.BYTES + Integer.BYTES;

    /** Without a result. */
    static Ask idle(long worker, long step) {
      return new Ask(worker, step, 0, 0, Optional.empty());
    }

    byte[][] parts() {
      byte[] header =
          little(ByteBuffer.allocate(HEADER))
              .putLong(worker)
              .putLong(step)
              .putLong(ticket)
              .putInt(slice)
              .array();
      return result
          .map(found -> new byte[][] {header, found.header(), found.payload()})
          .orElseGet(() -> new byte[][] {header});
    }

    static Ask of(byte[][] parts) {
      ByteBuffer from = little(ByteBuffer.wrap(parts[0]));
      return new Ask(
          from.getLong(),
          from.getLong(),
          from.getLong(),
          from.getInt(),
          parts.length == 1 ? Optional.empty() : Optional.of(SliceResult.of(parts[1], parts[2])));
    }
  }

  /** What a worker is told. */
  sealed interface Answer permits Work, Wait, Leave {
    byte[][] parts();
  }

  /**
   * A slice to compute.
   *
   * @param ticket of the pass
   * @param request the step; without parameters where the worker holds them
   */
  record Work(long ticket, StepTask.Pass pass, int slice, StepRequest request) implements Answer {
    private static final int HEADER = 2 + 3 * Long.BYTES + 4 * Integer.BYTES;

    @Override
    public byte[][] parts() {
      int columns = request.columns().length;
      ByteBuffer to =
          little(ByteBuffer.allocate(HEADER + columns * Double.BYTES))
              .put(WORK)
              .put(pass == StepTask.Pass.COLUMNS ? FIRST_PASS : GRADIENT)
              .putLong(ticket)
              .putLong(request.step())
              .putDouble(request.logitScale())
              .putInt(slice)
              .putInt(request.epoch())
              .putInt(request.stepInEpoch())
              .putInt(columns);
      for (double column : request.columns()) {
        to.putDouble(column);
      }
      return new byte[][] {to.array(), request.parameters()};
    }

    private static Work of(ByteBuffer from, byte[] parameters) {
      StepTask.Pass pass =
          from.get() == FIRST_PASS ? StepTask.Pass.COLUMNS : StepTask.Pass.GRADIENT;
      long ticket = from.getLong();
      long step = from.getLong();
      double logitScale = from.getDouble();
      int slice = from.getInt();
      int epoch = from.getInt();
      int stepInEpoch = from.getInt();
      double[] columns = new double[from.getInt()];
      for (int i = 0; i < columns.length; i++) {
        columns[i] = from.getDouble();
      }
      return new Work(
          ticket,
          pass,
          slice,
          new StepRequest(step, epoch, stepInEpoch, parameters, logitScale, columns));
    }
  }

  /** Nothing to do for so long. */
  record Wait(int micros) implements Answer {
    @Override
    public byte[][] parts() {
      return new byte[][] {
        little(ByteBuffer.allocate(1 + Integer.BYTES)).put(WAIT).putInt(micros).array()
      };
    }
  }

  /** Nothing to do any more. */
  record Leave() implements Answer {
    @Override
    public byte[][] parts() {
      return new byte[][] {{LEAVE}};
    }
  }

  /** Reads an answer. */
  static Answer answer(byte[][] parts) {
    ByteBuffer from = little(ByteBuffer.wrap(parts[0]));
    return switch (from.get()) {
      case WORK -> Work.of(from, parts[1]);
      case WAIT -> new Wait(from.getInt());
      default -> new Leave();
    };
  }

  private static ByteBuffer little(ByteBuffer bytes) {
    return bytes.order(ByteOrder.LITTLE_ENDIAN);
  }
}
