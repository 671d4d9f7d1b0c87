package dev.weft.jobs;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import org.apache.spark.api.plugin.PluginContext;

/**
 * Questions that tasks ask the driver while they run, carried by the messages that Spark has for
 * plugins: authenticated and encrypted as Spark is set to. They reach the driver one after the
 * other, so an answer must not wait for anything. What is carried is arrays of bytes, as many as
 * the caller has, so that nobody has to copy them together: Spark reads its messages with a class
 * loader that does not know the classes of the application.
 *
 * <p>Works in sessions that have {@link WeftPlugin}.
 */
public final class DriverCalls {
  private static final Map<String, UnaryOperator<byte[][]>> ANSWERS = new ConcurrentHashMap<>();
  private static volatile PluginContext toDriver;

  private DriverCalls() {}

  /**
   * Answers questions, on the driver, until {@link #close(String)}.
   *
   * @param desk unique among all of the process
   * @param answers gives each question its answer; may be called by a thread of Spark
   */
  public static void open(String desk, UnaryOperator<byte[][]> answers) {
    ANSWERS.put(desk, answers);
  }

  /** No more answers. */
  public static void close(String desk) {
    ANSWERS.remove(desk);
  }

  /** Asks, in a task, and waits for the answer. */
  public static byte[][] ask(String desk, byte[][] question) {
    PluginContext context = toDriver;
    if (context == null) {
      throw new IllegalStateException(
          "a task can ask the driver only where spark.plugins has " + WeftPlugin.class.getName());
    }
    try {
      return (byte[][]) context.ask(new Object[] {desk, question});
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("stopped while asking the driver", e);
    } catch (Exception e) { // declared by Spark, for whatever the driver threw
      throw new IllegalStateException("the driver does not answer: " + e, e);
    }
  }

  static void connect(PluginContext context) {
    toDriver = context;
  }

  /** What the driver does with a message. */
  static byte[][] answer(Object message) {
    Object[] call = (Object[]) message;
    UnaryOperator<byte[][]> answers = ANSWERS.get((String) call[0]);
    if (answers == null) {
      throw new IllegalStateException(call[0] + " is over");
    }
    return answers.apply((byte[][]) call[1]);
  }
}
