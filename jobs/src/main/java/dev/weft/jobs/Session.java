package dev.weft.jobs;

import dev.weft.compute.ComputeBackend;
import dev.weft.compute.NativeBackend;
import dev.weft.config.Settings;
import dev.weft.store.Artefact;
import dev.weft.store.Release;
import dev.weft.store.Snapshot;
import java.time.Clock;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * What a command works with: its configuration, where artefacts live, how to say how far it is, and
 * a Spark session that opens when it is first needed, so that a command with nothing to do ends
 * without one (but for YARN's cluster mode, which wants one).
 *
 * <p>Used by the driver's main thread alone.
 */
public final class Session implements AutoCloseable {
  private static final Pattern LOCAL_CLUSTER = Pattern.compile("local-cluster\\[\\s*(\\d+)\\s*,");

  private final PipelineConfig config;
  private final Settings settings;
  private final Options options;
  private final Map<String, Snapshot> pins;
  private final Optional<Session> origin;
  private final Configuration hadoop = hadoopFromSystemProperties();
  private Optional<SparkSession> spark = Optional.empty();
  private boolean ours;

  /**
   * How a command was asked to run.
   *
   * @param force make the output anew even where it is up to date
   * @param progress where to say how far the work is
   * @param clock time of manifests and run records
   */
  public record Options(boolean force, Progress progress, Clock clock) {}

  /**
   * A session that opens Spark on demand.
   *
   * @param config what to do
   * @param settings the layers {@code config} was bound from
   * @param options how
   */
  public Session(PipelineConfig config, Settings settings, Options options) {
    this(config, settings, options, Map.of(), Optional.empty());
  }

  private Session(
      PipelineConfig config,
      Settings settings,
      Options options,
      Map<String, Snapshot> pins,
      Optional<Session> origin) {
    this.config = config;
    this.settings = settings;
    this.options = options;
    this.pins = Map.copyOf(pins);
    this.origin = origin;
  }

  /** As above, in a Spark session that somebody else opened and will close: tests, notebooks. */
  public Session(SparkSession spark, PipelineConfig config, Settings settings, Options options) {
    this(config, settings, options);
    this.spark = Optional.of(spark);
  }

  /**
   * The same session with inputs that stay what they are, whatever is committed meanwhile, and with
   * other settings. It shares the Spark session of this one, which closes it.
   *
   * @param pairs {@code key=value} settings over those of this session
   * @param more what {@link #input} gives, by name, beside what is pinned already
   */
  public Session with(List<String> pairs, Map<String, Snapshot> more) {
    Map<String, Snapshot> all = new HashMap<>(pins);
    all.putAll(more);
    Settings changed = settings.overriddenBy(Settings.ofPairs(pairs));
    return new Session(
        pairs.isEmpty() ? config : PipelineConfig.bind(changed, "the settings of this run"),
        changed,
        options,
        all,
        Optional.of(origin.orElse(this)));
  }

  /** The configuration of the run. */
  public PipelineConfig config() {
    return config;
  }

  /** The layers the configuration was bound from. */
  public Settings settings() {
    return settings;
  }

  /** Whether to make outputs anew even where they are up to date. */
  public boolean force() {
    return options.force();
  }

  /** Where to say how far the work is. */
  public Progress progress() {
    return options.progress();
  }

  /** Time of manifests and run records. */
  public Clock clock() {
    return options.clock();
  }

  /** Settings of the file systems, with every {@code spark.hadoop.*} of spark-submit. */
  public Configuration hadoop() {
    return hadoop;
  }

  /**
   * An artefact under the configured root.
   *
   * @param name such as {@code ingest} or {@code train/gated}
   */
  public Artefact artefact(String name) {
    return Artefact.open(hadoop, config.root(), name);
  }

  /**
   * What a stage reads: the pinned version of an artefact, else the newest.
   *
   * @param name as of {@link #artefact}
   */
  public Snapshot input(String name) {
    return Optional.ofNullable(pins.get(name)).orElseGet(() -> artefact(name).require());
  }

  /** The current release of the root, if there is one. */
  public Optional<Release> release() {
    return artefact(Release.ARTEFACT).latest().map(Release::of);
  }

  /**
   * What suits short jobs that move vectors, where neither spark-submit nor a file says otherwise.
   */
  private static SparkConf withDefaults(SparkConf conf) {
    // A worker of a standalone cluster hands the secret to the driver that it runs by the
    // environment, where Spark itself does not look for it.
    String secret = System.getenv(SecurityManager.ENV_AUTH_SECRET());
    if (secret != null) {
      conf.setIfMissing("spark.authenticate.secret", secret);
    }
    return conf
        // An executor that has nothing to do is better than a local one that is waited for.
        .setIfMissing("spark.locality.wait", "0s")
        // Random vectors do not get smaller.
        .setIfMissing("spark.broadcast.compress", "false")
        // Larger results take a detour: the driver has to ask for their blocks.
        .setIfMissing("spark.task.maxDirectResultSize", "64m");
  }

  /** The Spark session, opened on first use. */
  public SparkSession spark() {
    if (origin.isPresent()) {
      return origin.get().spark();
    }
    if (spark.isEmpty()) {
      SparkSession opened =
          SparkSession.builder()
              .appName("weft " + config.run())
              .config(withDefaults(new SparkConf()))
              .config("spark.sql.session.timeZone", "UTC")
              .config(WeftPlugin.enabled(new SparkConf(), config.compute().backend()))
              .getOrCreate();
      opened.sparkContext().addSparkListener(new JobProgress(progress()));
      spark = Optional.of(opened);
      ours = true;
      requireBackend();
    }
    return spark.get();
  }

  /**
   * How many tasks run at once when each uses a whole executor: what the stages that run native
   * code on all cores of a machine split their work into. The number asked for where it is fixed
   * ({@code spark.executor.instances}), so that it does not depend on how many have come up yet;
   * else those that are there.
   */
  public int executors() {
    SparkContext context = spark().sparkContext();
    Matcher cluster = LOCAL_CLUSTER.matcher(context.master());
    if (cluster.lookingAt()) {
      return Integer.parseInt(cluster.group(1));
    }
    int asked = context.getConf().getInt("spark.executor.instances", 0);
    if (context.isLocal() || asked > 0) {
      return Math.max(1, context.isLocal() ? 1 : asked);
    }
    Map<String, ?> known =
        scala.jdk.javaapi.CollectionConverters.asJava(context.getExecutorMemoryStatus());
    return Math.max(1, known.size() - 1); // the driver is among them
  }

  /** A GPU that was asked for and is not there: said now, not after hours of other stages. */
  void requireBackend() {
    if (config.compute().backend() != ComputeBackend.CUDA) {
      return;
    }
    boolean works = false;
    try {
      int tasks = executors();
      new JavaSparkContext(spark().sparkContext())
          .parallelize(Collections.nCopies(tasks, 0), tasks)
          .foreach(ignored -> NativeBackend.load());
      works = true;
    } finally {
      if (!works) {
        close();
      }
    }
  }

  @Override
  public void close() {
    if (spark.isEmpty() && origin.isEmpty() && isYarnDriver()) {
      spark();
    }
    if (ours) {
      spark.ifPresent(SparkSession::stop);
    }
  }

  /**
   * Whether this process is an application master of YARN (cluster mode). There an application that
   * ends without ever having opened a session counts as failed.
   */
  static boolean isYarnDriver() {
    return "yarn".equals(System.getProperty("spark.master"))
        && "cluster".equals(System.getProperty("spark.submit.deployMode"));
  }

  private static Configuration hadoopFromSystemProperties() {
    Configuration hadoop = new Configuration();
    String prefix = "spark.hadoop.";
    System.getProperties().stringPropertyNames().stream()
        .filter(name -> name.startsWith(prefix))
        .forEach(name -> hadoop.set(name.substring(prefix.length()), System.getProperty(name)));
    return hadoop;
  }
}
