package dev.weft.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.jobs.train.ServerMessage.Answer;
import dev.weft.jobs.train.ServerMessage.Ask;
import dev.weft.jobs.train.ServerMessage.Leave;
import dev.weft.jobs.train.ServerMessage.Wait;
import dev.weft.jobs.train.ServerMessage.Work;
import dev.weft.train.StepRequest;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ParameterServerTest {
  private static final byte[] PARAMETERS = {1, 2, 3, 4};
  private static final long ANN = 7;
  private static final long BOB = 8;

  private final ParameterServer server = new ParameterServer();

  @BeforeEach
  void begin() {
    server.post(step(5), StepTask.Pass.GRADIENT, 2);
  }

  private static StepRequest step(long step) {
    return new StepRequest(step, 1, 2, PARAMETERS, 20, new double[] {0.5, -0.5});
  }

  private Work take(long worker) {
    return (Work) server.answer(Ask.idle(worker, -1));
  }

  private Answer give(Work work, long worker, int result) {
    long step = work.request().step();
    return server.answer(
        new Ask(worker, step, work.ticket(), work.slice(), Optional.of(result(result))));
  }

  private static SliceResult result(int rows) {
    return new SliceResult(rows, 0.5, 0.25, 3, 4, new byte[] {1, 2});
  }

  private List<Integer> results() {
    return server.await(1).orElseThrow().stream().map(SliceResult::rows).toList();
  }

  @Test
  void eachSliceGoesToOneWorkerAndTheResultsComeInTheirOrder() {
    Work first = take(ANN);
    Work second = take(BOB);
    assertThat(List.of(first.slice(), second.slice())).containsExactly(0, 1);
    assertThat(first.request().parameters()).isEqualTo(PARAMETERS);
    assertThat(first.request().columns()).containsExactly(0.5, -0.5);

    assertThat(give(second, BOB, 21)).isInstanceOf(Wait.class);
    assertThat(server.await(1)).isEmpty();
    assertThat(give(first, ANN, 20)).isInstanceOf(Wait.class);

    assertThat(results()).containsExactly(20, 21);
  }

  @Test
  void oneWorkerDoesAllSlicesAndGetsTheParametersOnce() {
    Work first = take(ANN);
    Work second = (Work) give(first, ANN, 20);
    assertThat(second.slice()).isEqualTo(1);
    assertThat(second.request().parameters()).isEmpty();
    give(second, ANN, 21);
    assertThat(results()).hasSize(2);

    server.post(step(6), StepTask.Pass.GRADIENT, 2);
    Answer next = server.answer(Ask.idle(ANN, 5));
    assertThat(((Work) next).request().parameters()).isEqualTo(PARAMETERS);
  }

  @Test
  void whatALostWorkerHadIsForOthers() {
    take(ANN);
    Work second = take(BOB);
    assertThat(server.hands().get(0).worker()).isEqualTo(ANN);

    assertThat(server.gone(ANN)).hasValue(0);
    assertThat(server.gone(ANN)).isEmpty();

    Work again = (Work) give(second, BOB, 21);
    assertThat(again.slice()).isZero();
    give(again, BOB, 20);
    assertThat(results()).containsExactly(20, 21);
  }

  @Test
  void aWorkerThoughtLostThatAnswersAfterAllIsHeard() {
    Work first = take(ANN);
    server.gone(ANN);

    assertThat(((Work) give(first, ANN, 20)).slice()).isEqualTo(1); // the first is not done again
    assertThat(server.answer(Ask.idle(BOB, -1))).isInstanceOf(Wait.class);
  }

  @Test
  void anAnswerToAnOlderPassOrASecondOneIsNotTaken() {
    Work first = take(ANN);
    Work second = take(BOB);
    give(first, ANN, 20);
    give(first, ANN, 99);
    give(second, BOB, 21);
    assertThat(results()).containsExactly(20, 21);

    server.post(step(6), StepTask.Pass.COLUMNS, 2);
    Answer next = give(second, BOB, 99);

    assertThat(((Work) next).pass()).isEqualTo(StepTask.Pass.COLUMNS);
    assertThat(server.await(1)).isEmpty();
  }

  @Test
  void workersLeaveWhenTheyAreSentAwayUntilTheNextPass() {
    Work first = take(ANN);
    server.sendAway();
    assertThat(give(first, ANN, 20)).isInstanceOf(Leave.class);
    server.post(step(6), StepTask.Pass.GRADIENT, 2);
    assertThat(take(ANN).slice()).isZero();
  }

  @Test
  void workersAskOftenOnlyWhereTheNextPassIsNear() {
    Work first = take(ANN);
    Work second = take(BOB);
    int whileOthersCompute = ((Wait) give(first, ANN, 1)).micros();
    int whileTheDriverIsAtWork = ((Wait) give(second, BOB, 1)).micros();
    assertThat(whileTheDriverIsAtWork).isLessThan(whileOthersCompute);

    server.post(step(6), StepTask.Pass.GRADIENT, 100);
    Answer answer = take(ANN);
    while (answer instanceof Work work) {
      answer = give(work, ANN, 1);
    }
    assertThat(((Wait) answer).micros()).isGreaterThan(whileTheDriverIsAtWork);
  }

  @Test
  void messagesArriveAsTheyWereSent() {
    Ask ask = Ask.of(new Ask(ANN, 5, 9, 3, Optional.of(result(20))).parts());
    assertThat(ask.worker()).isEqualTo(ANN);
    assertThat(ask.step()).isEqualTo(5);
    assertThat(ask.ticket()).isEqualTo(9);
    assertThat(ask.slice()).isEqualTo(3);
    assertThat(ask.result().orElseThrow()).usingRecursiveComparison().isEqualTo(result(20));
    assertThat(Ask.of(Ask.idle(BOB, 5).parts())).isEqualTo(Ask.idle(BOB, 5));

    for (StepTask.Pass pass : List.of(StepTask.Pass.COLUMNS, StepTask.Pass.GRADIENT)) {
      Work work = (Work) ServerMessage.answer(new Work(9, pass, 3, step(5)).parts());
      assertThat(work.ticket()).isEqualTo(9);
      assertThat(work.pass()).isEqualTo(pass);
      assertThat(work.slice()).isEqualTo(3);
      assertThat(work.request()).usingRecursiveComparison().isEqualTo(step(5));
    }
    assertThat(ServerMessage.answer(new Wait(300).parts())).isEqualTo(new Wait(300));
    assertThat(ServerMessage.answer(new Leave().parts())).isEqualTo(new Leave());
  }
}
