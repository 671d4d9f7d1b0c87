package dev.weft.train;

import dev.weft.compute.ComputeBackend;
import dev.weft.compute.NativeBackend;
import dev.weft.compute.NativeVectors;
import dev.weft.train.HeadArchitecture.Attention;
import dev.weft.train.HeadArchitecture.Combiner;
import dev.weft.train.HeadArchitecture.Gate;
import dev.weft.train.HeadArchitecture.Gated;
import dev.weft.train.HeadArchitecture.Tirg;
import dev.weft.train.HeadArchitecture.Trainable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One step of every head, with the plain and the symmetric loss: on the processor in float64, and
 * as workers compute it, in float32 on the backend that runs.
 *
 * <p>ND4J has one backend per process, so the float64 side is a process of its own.
 */
final class BackendParity {
  private static final int ROWS = 1500;
  private static final int BATCH = 1200; // more than one tile
  private static final double SCALE = 20;
  private static final Batches BATCHES = new Batches(3, ROWS, BATCH);
  private static final int EPOCH = 1;
  private static final long STEP = 5;
  private static final TripletTable TABLE = Synthetic.table(ROWS, 1);

  private BackendParity() {}

  /** A head and a loss. */
  record Case(Trainable head, Objective.Direction direction) {}

  /** What a step gives. */
  @SuppressWarnings("ArrayRecordComponent") // moved, never compared
  record Result(double loss, double scaleGradient, double[] gradient) {}

  static List<Case> cases() {
    int width = Synthetic.WIDTH;
    List<Case> cases = new ArrayList<>();
    for (Objective.Direction direction : Objective.Direction.values()) {
      for (Trainable head :
          List.of(
              new Gated(width, Gate.VECTOR),
              new Gated(width, Gate.SCALAR),
              new Combiner(width, 2 * width, 4 * width, 0.5),
              new Attention(width, 4),
              new Tirg(width, 2 * width))) {
        cases.add(new Case(head, direction));
      }
    }
    return cases;
  }

  /** Writes the float64 results of all cases. */
  public static void main(String[] args) throws IOException {
    NativeBackend.choose(ComputeBackend.CPU);
    NativeBackend.load();
    try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(Path.of(args[0])))) {
      for (Case each : cases()) {
        Result result = reference(each);
        out.writeDouble(result.loss());
        out.writeDouble(result.scaleGradient());
        out.writeInt(result.gradient().length);
        for (double value : result.gradient()) {
          out.writeDouble(value);
        }
      }
    }
  }

  static List<Result> read(Path file) throws IOException {
    List<Result> results = new ArrayList<>();
    try (DataInputStream in = new DataInputStream(Files.newInputStream(file))) {
      for (int i = 0; i < cases().size(); i++) {
        double loss = in.readDouble();
        double scaleGradient = in.readDouble();
        double[] gradient = new double[in.readInt()];
        for (int k = 0; k < gradient.length; k++) {
          gradient[k] = in.readDouble();
        }
        results.add(new Result(loss, scaleGradient, gradient));
      }
    }
    return results;
  }

  /** The whole batch at once, in float64. */
  private static Result reference(Case of) {
    int[] rows = BATCHES.rows(EPOCH, 0);
    int[] references = Arrays.stream(rows).map(TABLE::reference).toArray();
    int[] targets = Arrays.stream(rows).map(TABLE::target).toArray();
    int[] captions = Arrays.stream(rows).map(row -> TABLE.caption(row, 0)).toArray();
    INDArray images = matrix(rows.length);
    INDArray texts = matrix(rows.length);
    INDArray candidates = matrix(rows.length);
    TABLE.gatherImages(references, images);
    TABLE.gatherTexts(captions, texts);
    TABLE.gatherImages(targets, candidates);
    images = images.castTo(DataType.DOUBLE);

    GraphHead head = GraphHead.build(of.head(), DataType.DOUBLE);
    head.parameters().assign(Nd4j.createFromArray(parameters(of.head())).castTo(DataType.DOUBLE));
    INDArray queries =
        head.forward(
            images, texts.castTo(DataType.DOUBLE), new RowKeys(BATCHES.seed(), STEP, rows));
    int[] own = new int[rows.length];
    Arrays.setAll(own, i -> i);
    ContrastiveLoss.Rows all =
        new ContrastiveLoss.Rows(
            queries, own, List.of(new ContrastiveLoss.OwnNegatives(images, references)));
    Candidates compared = new Candidates(candidates.castTo(DataType.DOUBLE), targets);
    ContrastiveLoss loss = new ContrastiveLoss(DataType.DOUBLE);
    double[] columns = new double[of.direction() == Objective.Direction.SYMMETRIC ? BATCH : 0];
    if (columns.length > 0) {
      Arrays.fill(columns, Double.NEGATIVE_INFINITY);
      loss.addToColumns(all, compared, SCALE, columns);
    }
    ContrastiveLoss.Slice slice =
        loss.evaluate(all, new ContrastiveLoss.Step(compared, BATCH, SCALE, columns, 0.1));
    double[] gradient = head.backward(slice.gradient(), false).toDoubleVector();
    return new Result(slice.loss(), slice.scaleGradient(), gradient);
  }

  private static INDArray matrix(int rows) {
    return Nd4j.create(DataType.FLOAT, rows, Synthetic.WIDTH);
  }

  private static float[] parameters(Trainable architecture) {
    GraphHead head = GraphHead.build(architecture);
    head.initialize(1);
    return NativeVectors.array(head.parameters());
  }

  /** The same as workers do it. */
  static Result computed(Case of) {
    StepComputation computation =
        new StepComputation(
            of.head(), TABLE, BATCHES, new Objective(of.direction(), true, 0, 0, 0.1));
    byte[] parameters = new byte[Math.toIntExact(of.head().parameterCount() * Float.BYTES)];
    NativeVectors.floats(parameters).put(parameters(of.head()));
    StepRequest request = new StepRequest(STEP, EPOCH, 0, parameters, SCALE);
    if (of.direction() == Objective.Direction.SYMMETRIC) {
      double[] columns = computation.columns(request, 0, 1);
      request = new StepRequest(STEP, EPOCH, 0, parameters, SCALE, columns);
    }
    PartialStep step = computation.compute(request, 0, 1);
    float[] gradient = new float[Math.toIntExact(of.head().parameterCount())];
    NativeVectors.floats(step.gradient()).get(gradient);
    double[] wide = new double[gradient.length];
    Arrays.setAll(wide, i -> gradient[i]);
    return new Result(step.loss(), step.logitScaleGradient(), wide);
  }
}
