package dev.weft.train;

import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The loss as its formulas read, in float64, row by row and column by column. */
final class TextbookLoss {
  private TextbookLoss() {}

  /** The whole batch: row i's own target is candidate i. */
  static double of(
      INDArray queries, ContrastiveLoss.Step step, List<ContrastiveLoss.OwnNegatives> own) {
    int rows = (int) queries.size(0);
    boolean symmetric = step.columns().length > 0;
    double loss = 0;
    for (int i = 0; i < rows; i++) {
      List<Double> row = new ArrayList<>();
      for (int j = 0; j < step.candidates().size(); j++) {
        if (counts(step, i, j)) {
          row.add(step.scale() * dot(queries, i, step.candidates().vectors(), j));
        }
      }
      for (ContrastiveLoss.OwnNegatives negative : own) {
        int image = negative.images()[i];
        if (image >= 0 && image != step.candidates().image(i)) {
          row.add(step.scale() * dot(queries, i, negative.vectors(), i));
        }
      }
      double wanted = step.scale() * dot(queries, i, step.candidates().vectors(), i);
      double ofRow = crossEntropy(row, wanted, step.labelSmoothing());
      loss += symmetric ? ofRow / 2 : ofRow;
    }
    for (int j = 0; symmetric && j < rows; j++) {
      List<Double> column = new ArrayList<>();
      for (int i = 0; i < rows; i++) {
        if (counts(step, i, j)) {
          column.add(step.scale() * dot(queries, i, step.candidates().vectors(), j));
        }
      }
      double wanted = step.scale() * dot(queries, j, step.candidates().vectors(), j);
      loss += crossEntropy(column, wanted, step.labelSmoothing()) / 2;
    }
    return loss / rows;
  }

  private static boolean counts(ContrastiveLoss.Step step, int i, int j) {
    return i == j || step.candidates().image(i) != step.candidates().image(j);
  }

  private static double crossEntropy(List<Double> logits, double wanted, double smoothing) {
    double sum = logits.stream().mapToDouble(Math::exp).sum();
    double mean = logits.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
    return Math.log(sum) - (1 - smoothing) * wanted - smoothing * mean;
  }

  static double dot(INDArray first, int i, INDArray second, int j) {
    double sum = 0;
    for (int k = 0; k < first.size(1); k++) {
      sum += first.getDouble(i, k) * second.getDouble(j, k);
    }
    return sum;
  }
}
