package dev.weft.jobs.train;

import dev.weft.compute.NativeBackend;
import dev.weft.train.Batches;
import dev.weft.train.HeadArchitecture;
import dev.weft.train.Objective;
import dev.weft.train.StepComputation;
import dev.weft.train.TripletTable;
import java.io.Serializable;
import java.lang.ref.SoftReference;
import org.apache.spark.broadcast.Broadcast;

/**
 * What the tasks of one training run have in common. Each process builds the model and its copy of
 * the training rows once and keeps them from step to step.
 *
 * @param run unique among all runs, also of other Spark applications in the same process
 * @param table the training rows, {@link TripletTable#toBytes}
 * @param architecture the head
 * @param batches which rows a step has
 * @param objective what is minimised
 * @param parts slices of a step
 */
record StepSetup(
    String run,
    Broadcast<byte[]> table,
    HeadArchitecture.Trainable architecture,
    Batches batches,
    Objective objective,
    int parts)
    implements Serializable { // travels with every task

  /** One head at a time per process; soft, so that the stages after train get the memory back. */
  private static SoftReference<StepComputation> resident = new SoftReference<>(null);

  private static String residentRun = "";

  /** The computation of this process. */
  StepComputation computation() {
    synchronized (StepSetup.class) {
      StepComputation present = resident.get();
      if (present != null && residentRun.equals(run)) {
        return present;
      }
      NativeBackend.load();
      StepComputation built =
          new StepComputation(architecture, TripletTable.of(table.value()), batches, objective);
      resident = new SoftReference<>(built);
      residentRun = run;
      return built;
    }
  }
}
