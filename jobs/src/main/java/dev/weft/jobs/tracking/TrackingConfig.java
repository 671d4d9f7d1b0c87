package dev.weft.jobs.tracking;

import dev.weft.config.Rules;

/**
 * Settings of the tracking of runs, the {@code tracking.*} keys.
 *
 * @param mlflow address of an MLflow server, empty for none
 * @param experiment the experiment that runs are filed under
 * @param timeoutSeconds what telling it may take in all, 1 to 60
 */
public record TrackingConfig(String mlflow, String experiment, int timeoutSeconds) {
  public TrackingConfig {
    Rules.of("tracking")
        .require(
            mlflow.isEmpty() || mlflow.matches("https?://\\S+"),
            "mlflow",
            mlflow,
            "must be the address of a server, such as http://mlflow:5000, or empty")
        .require(!experiment.isBlank(), "experiment", experiment, "must be a name")
        .require(
            timeoutSeconds >= 1 && timeoutSeconds <= 60,
            "timeout-seconds",
            timeoutSeconds,
            "must be from 1 to 60")
        .enforce();
  }
}
