package dev.weft.compute;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.Stream;
import org.apache.commons.lang3.exception.ExceptionUtils;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.common.config.ND4JClassLoading;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.factory.Nd4jBackend;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts ND4J on the processor or on a GPU, on the processor with the fastest native variant it can
 * run.
 *
 * <p>ND4J picks backend and variant once, when one of its classes is first used: so {@link #load}
 * must come before, and {@link #choose} before that. A variant that the user set stays. Calling
 * {@link #load} again costs nothing. Safe to call from any thread.
 */
public final class NativeBackend {
  private static final Logger LOG = LoggerFactory.getLogger(NativeBackend.class);
  private static final String CPU = "org.nd4j.linalg.cpu.nativecpu.CpuBackend";
  private static final String CUDA = "org.nd4j.linalg.jcublas.JCublasBackend";
  private static final String EXTENSION = "org.bytedeco.javacpp.platform.extension";
  private static final String TENSOR_BOUND = "org.bytedeco.javacpp.maxbytes";
  private static final String LOG_INITIALIZATION = "org.nd4j.log.initialization";
  private static final Path PROCESSOR = Path.of("/proc/cpuinfo");

  /** Where Linux shows the first NVIDIA device. */
  private static final Path GPU = Path.of("/dev/nvidia0");

  private static volatile Optional<Description> running = Optional.empty();
  private static Optional<WeftException> refusal = Optional.empty();
  private static ComputeBackend choice = ComputeBackend.AUTO;

  private NativeBackend() {}

  /**
   * What runs.
   *
   * @param backend the ND4J backend class, such as {@code CpuBackend}
   * @param variant the native variant: {@code plain}, {@code avx2}, {@code cuda} ...
   * @param blas the matrix library, such as {@code OPENBLAS}
   * @param threads threads of one native operation
   */
  public record Description(String backend, String variant, String blas, int threads) {
    /** Whether tensors are computed on a GPU. */
    public boolean onGpu() {
      return backend.equals("JCublasBackend");
    }

    @Override
    public String toString() {
      return String.format(Locale.ROOT, "%s (%s), %s, %d threads", backend, variant, blas, threads);
    }
  }

  /**
   * Says on what to compute. Later calls win until the engine runs; it cannot change after that.
   *
   * @throws WeftException if the engine runs already, and elsewhere
   */
  public static synchronized void choose(ComputeBackend wanted) {
    choice = wanted;
    running.ifPresent(NativeBackend::requireChoice);
  }

  /** Lets every {@link #load} fail: this process must not compute. */
  public static synchronized void refuse(WeftException why) {
    refusal = Optional.of(why);
    running = Optional.empty();
  }

  /** What runs, if it does. */
  public static Optional<Description> running() {
    return running;
  }

  /**
   * Starts the engine if it is not running yet, makes sure that it multiplies rightly, and says
   * what runs.
   *
   * @throws WeftException if it cannot run as chosen
   */
  public static Description load() {
    return running.orElseGet(NativeBackend::start);
  }

  /** The folder that native libraries are unpacked to. */
  public static Path cacheFolder() throws IOException {
    return Loader.getCacheDir().toPath();
  }

  /** How much tensors may take outside the heap, bytes; empty if nobody set a bound. */
  public static Optional<Long> tensorBound() {
    return Optional.ofNullable(System.getProperty(TENSOR_BOUND)).map(set -> Pointer.maxBytes());
  }

  /** Memory of this process now, heap and tensors together, bytes; 0 before the engine runs. */
  public static long processBytes() {
    return running.isPresent() ? Pointer.physicalBytes() : 0;
  }

  private static synchronized Description start() {
    if (refusal.isPresent()) {
      throw refusal.get();
    }
    if (running.isPresent()) {
      return running.get();
    }
    show(choice == ComputeBackend.CPU || !cudaWorks() ? CPU : CUDA);
    Description started = startNd4j();
    if (!started.onGpu()) {
      BlasCheck.run();
    }
    running = Optional.of(started);
    requireChoice(started);
    return started;
  }

  private static void requireChoice(Description started) {
    if (choice == ComputeBackend.CUDA && !started.onGpu()) {
      throw noGpu("ND4J runs in this process already, with " + started);
    }
    if (choice == ComputeBackend.CPU && started.onGpu()) {
      throw new WeftException(
          ExitCode.RESOURCE_MISSING,
          "Cannot compute on the processor: ND4J runs in this process already, with %s. Start a new"
              + " process with compute.backend=cpu.",
          started);
    }
  }

  /** Whether a GPU can be used; fails if there must be one. */
  private static boolean cudaWorks() {
    Optional<String> obstacle = obstacle();
    if (obstacle.isEmpty()) {
      return true;
    }
    if (choice == ComputeBackend.CUDA) {
      throw noGpu(obstacle.get());
    }
    if (find(CUDA).isPresent() || Files.exists(GPU)) {
      LOG.warn(
          "compute.backend is auto, and no GPU can be used: {}. Computing on the processor.",
          obstacle.get());
    }
    return false;
  }

  private static WeftException noGpu(String why) {
    return new WeftException(
        ExitCode.RESOURCE_MISSING,
        "Cannot compute on a GPU on %s, as compute.backend=cuda asks: %s. docs/gpu.md says what it"
            + " takes; or set compute.backend to cpu, or to auto for a GPU where there is one.",
        host(),
        why);
  }

  /** Why no GPU can be used; empty if one can. */
  private static Optional<String> obstacle() {
    Optional<Nd4jBackend> cuda = find(CUDA);
    if (cuda.isEmpty()) {
      return Optional.of(
          "this build of Weft has no CUDA backend: build it with mvn -Pcuda -DskipTests package");
    }
    try {
      cuda.get().canRun(); // counts the devices
      return Optional.empty();
    } catch (LinkageError | RuntimeException e) {
      return Optional.of(ExceptionUtils.getRootCauseMessage(e));
    }
  }

  private static Optional<Nd4jBackend> find(String name) {
    return ServiceLoader.load(Nd4jBackend.class, NativeBackend.class.getClassLoader()).stream()
        .filter(provider -> provider.type().getName().equals(name))
        .findFirst()
        .map(ServiceLoader.Provider::get);
  }

  private static void show(String backend) {
    ND4JClassLoading.setNd4jClassloader(
        new SingleBackend(NativeBackend.class.getClassLoader(), backend));
  }

  private static Description startNd4j() {
    if (System.getProperty(EXTENSION) == null && hasAvx2()) {
      System.setProperty(EXTENSION, "-avx2");
    }
    if (System.getProperty(LOG_INITIALIZATION) == null) {
      System.setProperty(LOG_INITIALIZATION, "false");
    }
    try {
      Description started =
          new Description(
              Nd4j.getBackend().getClass().getSimpleName(),
              loadedVariant(),
              Nd4j.factory().blas().getBlasVendor().name(),
              Nd4j.factory().blas().getMaxThreads());
      if (started.onGpu()) {
        CudaDevice.unsupported(Nd4j.getExecutioner().getEnvironmentInformation())
            .ifPresent(
                why -> {
                  throw noGpu(why);
                });
      } else {
        Nd4j.factory().blas().setMaxThreads(1); // MatrixProduct divides large products
      }
      return started;
    } catch (LinkageError | RuntimeException e) {
      if (e instanceof WeftException plain) {
        throw plain;
      }
      throw new WeftException(
          e,
          ExitCode.RESOURCE_MISSING,
          "Cannot start the tensor engine ND4J: %s. It needs Linux on x86-64 with glibc 2.29 or"
              + " newer, a writable and executable cache folder"
              + " (-Dorg.bytedeco.javacpp.cachedir=FOLDER) and its native jars on the class path.",
          e);
    }
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (IOException e) {
      return "this machine";
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
      if (library.contains("nd4jcuda")) {
        return "cuda";
      }
      int at = library.indexOf(Loader.getPlatform() + "-");
      if (library.contains("nd4jcpu") && at >= 0) {
        int from = at + Loader.getPlatform().length() + 1;
        return library.substring(from, library.indexOf('/', from)).replace(".jar", "");
      }
    }
    return "plain";
  }
}
