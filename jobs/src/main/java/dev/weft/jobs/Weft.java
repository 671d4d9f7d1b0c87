package dev.weft.jobs;

/** x. */
public final class Weft {
  private Weft() {}

  /** x. */
  public static void main(String[] args) {
    System.out.println(
        org.apache.spark.sql.SparkSession.builder().getOrCreate().range(100).count());
  }
}
