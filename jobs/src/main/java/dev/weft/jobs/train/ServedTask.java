package dev.weft.jobs.train;

import dev.weft.jobs.DriverCalls;
import dev.weft.train.StepComputation;
import dev.weft.train.StepRequest;
import java.io.Serializable;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.spark.TaskContext;

/**
 * A task that stays: it fetches slices of one step after the other from the {@link
 * ParameterServer}, until it is sent away.
 *
 * @param setup what all steps share
 * @param desk where the server answers
 */
record ServedTask(StepSetup setup, String desk) implements Serializable { // travels with the job

  void run() {
    TaskContext context = TaskContext.get();
    long worker = context.taskAttemptId();
    StepComputation computation = setup.computation();
    byte[] parameters = new byte[0];
    Optional<StepRequest> done = Optional.empty(); // the last, if it was not looked beyond yet
    ServerMessage.Ask ask = ServerMessage.Ask.idle(worker, -1);
    while (true) {
      context.killTaskIfInterrupted();
      ServerMessage.Answer answer = ServerMessage.answer(DriverCalls.ask(desk, ask.parts()));
      if (answer instanceof ServerMessage.Leave) {
        return;
      } else if (answer instanceof ServerMessage.Work work) {
        if (work.request().parameters().length > 0) {
          parameters = work.request().parameters();
        }
        StepRequest request = work.request().withParameters(parameters);
        SliceResult result =
            StepTask.run(setup, computation, request, work.pass(), work.slice(), 0);
        done = work.pass() == StepTask.Pass.GRADIENT ? Optional.of(request) : Optional.empty();
        ask =
            new ServerMessage.Ask(
                worker, request.step(), work.ticket(), work.slice(), Optional.of(result));
      } else if (answer instanceof ServerMessage.Wait wait) {
        if (done.isPresent()) { // what the next step needs and no parameters change
          computation.prepareAfter(done.get());
          done = Optional.empty();
        } else {
          LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(wait.micros()));
        }
        ask = ServerMessage.Ask.idle(worker, ask.step());
      }
    }
  }
}
