package dev.weft.jobs.train;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.index.EncodedWith;
import dev.weft.jobs.Session;
import dev.weft.jobs.Stage;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.evaluate.Embeddings;
import dev.weft.jobs.evaluate.TrainedHead;
import dev.weft.jobs.store.Table;
import dev.weft.store.Attempt;
import dev.weft.store.Snapshot;
import dev.weft.train.MineConfig;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.storage.StorageLevel;

/**
 * Mines hard negatives: composes every training triplet by a trained head, ranks the training
 * images of its category, and writes the first K that are not the target. Images with the content
 * of the target are the target. {@code train} reads them where {@code train.hard-negatives} is
 * above 0.
 *
 * <pre>scripts/weft mine --config conf/wardrobe.yaml --set mine.head=gated</pre>
 *
 * <p>Source: Robinson et al., "Contrastive Learning with Hard Negative Samples", ICLR 2021
 * (arXiv:2010.04592), on why negatives near the query teach more and why some of them are
 * unlabelled positives; Xiong et al., "Approximate Nearest Neighbor Negative Contrastive Learning
 * for Dense Text Retrieval", ICLR 2021 (arXiv:2007.00808), on mining them with the model of an
 * earlier step.
 */
public final class MineJob {
  private static final int CODE_FORMAT = 1;
  private static final String ARTEFACT = "mine";
  private static final String PER_TRIPLET = "per_triplet";

  /** Triplets composed and ranked together. */
  private static final int BLOCK = 64;

  private MineJob() {}

  /** Runs the stage in the given session. */
  public static StageResult run(Session session) {
    Snapshot ingest = session.artefact("ingest").require();
    Snapshot encode = session.artefact("encode").require();
    Snapshot head = head(session);
    Map<String, Object> settings = Stage.settings(session.config().mine());
    settings.remove("partitions");
    settings.remove("head"); // it is among the inputs
    settings.put("captionForm", session.config().train().captionForms().get(0));
    return new Stage(
            ARTEFACT,
            ARTEFACT,
            settings,
            List.of(ingest, encode, head),
            List.of(Table.HARD_NEGATIVES),
            CODE_FORMAT)
        .run(session, attempt -> write(session, ingest, encode, head, attempt));
  }

  private static Snapshot head(Session session) {
    String name = session.config().mine().head();
    if (!name.equals("best")) {
      return TrainedHead.require(session, name);
    }
    Snapshot evaluate = session.artefact("evaluate").require();
    return TrainedHead.require(
        session, String.valueOf(evaluate.manifest().facts().get("best_head")));
  }

  /**
   * The newest mined negatives.
   *
   * @throws WeftException if there are none, or fewer per triplet than training asks for
   */
  static Snapshot require(Session session) {
    int wanted = session.config().train().hardNegatives();
    Snapshot mined =
        session
            .artefact(ARTEFACT)
            .latest()
            .orElseThrow(
                () ->
                    new WeftException(
                        ExitCode.INPUT_MISSING,
                        "Cannot train with train.hard-negatives=%d: none were mined in %s. Train a"
                            + " head with train.hard-negatives=0 first, then run scripts/weft mine"
                            + " with the same configuration, then this command again.",
                        wanted,
                        session.config().root()));
    int found = ((Number) mined.manifest().facts().get(PER_TRIPLET)).intValue();
    if (found < wanted) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot train with train.hard-negatives=%d: %s has %d per triplet. Lower it, or run"
              + " scripts/weft mine with mine.per-triplet=%d.",
          wanted,
          mined.path(),
          found,
          wanted);
    }
    return mined;
  }

  private static Map<String, Object> write(
      Session session, Snapshot ingest, Snapshot encode, Snapshot headSnapshot, Attempt attempt) {
    MineConfig config = session.config().mine();
    TrainedHead head = TrainedHead.read(headSnapshot);
    EncodedWith.requireSame(List.of(Embeddings.encodedWith(encode), head.encodedWith()));
    SparkSession spark = session.spark();
    JavaSparkContext context = new JavaSparkContext(spark.sparkContext());
    TrainingRows training =
        TrainingTable.read(
            spark,
            ingest,
            encode,
            Embeddings.encodedWith(encode).width(),
            session.config().train().captionForms().subList(0, 1),
            new HoldOut(session.config().seed(), 0),
            HardNegatives.read(spark, Optional.empty(), 0));
    List<MiningGround> grounds = MiningGround.of(training);
    Broadcast<byte[]> table = context.broadcast(training.table().toBytes());
    Broadcast<List<MiningGround>> categories = context.broadcast(grounds);
    Broadcast<TrainedHead> composer = context.broadcast(head);
    spark.sparkContext().setJobDescription("mine hard negatives with " + head.name());
    Dataset<Row> rows = null;
    try {
      List<MineTask.Block> blocks = blocks(grounds);
      int slots = spark.sparkContext().defaultParallelism();
      int tasks = config.partitions() > 0 ? config.partitions() : slots;
      rows =
          spark
              .createDataFrame(
                  context
                      .parallelize(blocks, Math.min(tasks, blocks.size()))
                      .mapPartitions(new MineTask(table, categories, composer, config)),
                  Table.HARD_NEGATIVES.schema().asNullable())
              .persist(StorageLevel.MEMORY_AND_DISK());
      Table.HARD_NEGATIVES.write(
          rows.repartition(session.config().ingest().shards(), functions.col("triplet"))
              .sortWithinPartitions("dataset", "category", "triplet"),
          attempt);
      return figures(head, config, rows);
    } finally {
      spark.sparkContext().setJobDescription(null);
      if (rows != null) {
        rows.unpersist();
      }
      List.of(table, categories, composer).forEach(Broadcast::destroy);
    }
  }

  private static List<MineTask.Block> blocks(List<MiningGround> grounds) {
    List<MineTask.Block> blocks = new ArrayList<>();
    for (int ground = 0; ground < grounds.size(); ground++) {
      int rows = grounds.get(ground).rows().size();
      for (int from = 0; from < rows; from += BLOCK) {
        blocks.add(new MineTask.Block(ground, from, Math.min(rows, from + BLOCK)));
      }
    }
    return blocks;
  }

  /** What was found; harder than the target are those that the head takes for better answers. */
  private static Map<String, Object> figures(
      TrainedHead head, MineConfig config, Dataset<Row> rows) {
    Row sums =
        rows.selectExpr(
                "count(1)",
                "coalesce(sum(size(images)), 0)",
                "count_if(size(images) < " + config.perTriplet() + ")",
                "count_if(get(scores, 0) > target_score)")
            .first();
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("head", head.name());
    figures.put(PER_TRIPLET, config.perTriplet());
    figures.put("triplets", sums.getLong(0));
    figures.put("negatives", sums.getLong(1));
    figures.put("triplets_with_fewer", sums.getLong(2));
    figures.put("triplets_with_one_above_the_target", sums.getLong(3));
    return figures;
  }
}
