package dev.weft.jobs;

import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * A native resource that all tasks of one JVM share: built by the first that needs it, closed once
 * the tasks need another and the last has let go of it.
 *
 * <p>Held by a static field of the class whose tasks use it. Safe for use by many threads.
 *
 * @param <T> the resource
 */
public final class SharedResource<T> {
  private final Consumer<T> closer;
  private Optional<Held<T>> current = Optional.empty();

  /** The right to use the resource until closed; {@code close} is called once. */
  public final class Lease implements AutoCloseable {
    private final Held<T> held;

    private Lease(Held<T> held) {
      this.held = held;
    }

    /** The resource. */
    public T value() {
      return held.value;
    }

    @Override
    public void close() {
      synchronized (SharedResource.this) {
        held.users--;
        closeIfUnused(held);
      }
    }
  }

  private static final class Held<T> {
    private final Object key;
    private final T value;
    private int users;
    private boolean replaced;

    Held(Object key, T value) {
      this.key = key;
      this.value = value;
    }
  }

  /**
   * Nothing yet.
   *
   * @param closer frees a resource
   */
  public SharedResource(Consumer<T> closer) {
    this.closer = closer;
  }

  /**
   * Borrows the resource of a key; others wait while it is built.
   *
   * @param key what tells it from others: a fingerprint, the id of a broadcast
   * @param build makes it, if it is not there
   */
  public synchronized Lease lease(Object key, Supplier<T> build) {
    if (current.isEmpty() || !current.get().key.equals(key)) {
      current.ifPresent(
          old -> {
            old.replaced = true;
            closeIfUnused(old);
          });
      current = Optional.empty(); // if the build fails, there is none
      current = Optional.of(new Held<>(key, build.get()));
    }
    Held<T> held = current.get();
    held.users++;
    return new Lease(held);
  }

  private void closeIfUnused(Held<T> held) {
    if (held.replaced && held.users == 0) {
      closer.accept(held.value);
    }
  }
}
