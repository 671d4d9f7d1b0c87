package dev.weft.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SharedResourceTest {
  private final List<String> closed = new ArrayList<>();
  private final SharedResource<String> shared = new SharedResource<>(closed::add);

  @Test
  void isBuiltOnceAndClosedWhenTheLastUserOfAReplacedOneLetsGo() {
    SharedResource<String>.Lease first = shared.lease(1, () -> "one");
    SharedResource<String>.Lease second = shared.lease(1, () -> "never built");
    SharedResource<String>.Lease other = shared.lease(2, () -> "two");

    assertThat(second.value()).isEqualTo("one");
    first.close();
    assertThat(closed).isEmpty();
    second.close();
    assertThat(closed).containsExactly("one");
    other.close();
    assertThat(closed).containsExactly("one"); // kept for the next task
    shared.lease(3, () -> "three").close();
    assertThat(closed).containsExactly("one", "two");
  }

  @Test
  void aFailedBuildLeavesNothingBehind() {
    shared.lease(1, () -> "one").close();

    assertThatThrownBy(
            () ->
                shared.lease(
                    2,
                    () -> {
                      throw new IllegalStateException("no memory");
                    }))
        .hasMessage("no memory");

    assertThat(closed).containsExactly("one");
    assertThat(shared.lease(1, () -> "again").value()).isEqualTo("again");
  }
}
