package dev.weft.compute;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Starts ND4J with the fastest native variant this processor can run.
 *
 * <p>ND4J picks the plain x86-64 library unless a system property, read once at load time, names
 * another: so {@link #load} must come before the first use of any ND4J class in the process. A
 * value the user set stays. Calling it again costs nothing. Safe to call from any thread.
 */
public final class NativeBackend {
  private static final String EXTENSION = "org.bytedeco.javacpp.platform.extension";
  private static final String LOG_INITIALIZATION = "org.nd4j.log.initialization";
  private static final Path PROCESSOR = Path.of("/proc/cpuinfo");

  private NativeBackend() {}

  /**
   * What runs.
   *
   * @param backend the ND4J backend class, such as {@code CpuBackend}
   * @param variant the native variant: {@code plain}, {@code avx2} ...
   * @param blas the matrix library, such as {@code OPENBLAS}
   * @param threads threads of one native operation
   */
  public record Description(String backend, String variant, String blas, int threads) {
    @Override
    public String toString() {
      return String.format(Locale.ROOT, "%s (%s), %s, %d threads", backend, variant, blas, threads);
    }
  }

  /**
   * Starts the engine if it is not running yet, makes sure that it multiplies rightly, and says
   * what runs.
   */
  public static Description load() {
    return Running.DESCRIPTION;
  }

  /** Initialised by the class loader, once and under its lock. */
  private static final class Running {
    private static final Description DESCRIPTION = start();

    private static Description start() {
      if (System.getProperty(EXTENSION) == null && hasAvx2()) {
        System.setProperty(EXTENSION, "-avx2");
      }
      if (System.getProperty(LOG_INITIALIZATION) == null) {
        System.setProperty(LOG_INITIALIZATION, "false");
      }
      Description description = describe();
      BlasCheck.run();
      return description;
    }

    private static Description describe() {
      try {
        return new Description(
            Nd4j.getBackend().getClass().getSimpleName(),
            loadedVariant(),
            Nd4j.factory().blas().getBlasVendor().name(),
            Nd4j.factory().blas().getMaxThreads());
      } catch (LinkageError | RuntimeException e) {
        throw new WeftException(
            e,
            ExitCode.RESOURCE_MISSING,
            "Cannot start the tensor engine ND4J: %s. It needs Linux on x86-64 with glibc 2.29 or newer, a"
                + " writable and executable cache folder (-Dorg.bytedeco.javacpp.cachedir=FOLDER) and"
                + " its native jars on the class path.",
            e);
      }
    }
  }

  private static boolean hasAvx2() {
    if (!Files.isReadable(PROCESSOR)) {
      return false;
    }
    try (Stream<String> lines = Files.lines(PROCESSOR)) {
      return lines.anyMatch(line -> line.startsWith("flags") && line.contains(" avx2"));
    } catch (IOException e) {
      return false; // the plain variant runs everywhere
    }
  }

  /** The folder the library was unpacked from says which one it is. */
  private static String loadedVariant() {
    for (String library : Loader.getLoadedLibraries().values()) {
      int at = library.indexOf(Loader.getPlatform() + "-");
      if (library.contains("nd4jcpu") && at >= 0) {
        int from = at + Loader.getPlatform().length() + 1;
        return library.substring(from, library.indexOf('/', from)).replace(".jar", "");
      }
    }
    return "plain";
  }
}
