package dev.weft.ingest.wardrobe;

import java.awt.Shape;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The outlines of a garment as it hangs, drawn with a slightly unsteady hand.
 *
 * <p>Coordinates: x from -0.5 to 0.5 with the middle of the garment at 0, y from 0 at the top to 1
 * at the bottom of the picture.
 */
final class Silhouette {
  /** How far a point strays from where it should be: one standard deviation. */
  private static final double UNSTEADINESS = 0.0035;

  private final Garment garment;
  private final SplittableRandom random;
  private final double unit; // shirts and tops are shorter than dresses, so they are drawn larger
  private final double top;
  private final double bottom;
  private final double waistHeight;
  private final double neck;
  private final double neckDepth;
  private final double shoulder;
  private final double armpit;
  private final double waist;
  private final double hem;

  Silhouette(Garment garment, SplittableRandom random) {
    boolean dress = garment.category() == Category.DRESS;
    this.garment = garment;
    this.random = random;
    unit = dress ? 1 : 1.4;
    boolean isLong = garment.length() == Length.LONG;
    double height = unit * (dress ? (isLong ? 0.86 : 0.58) : (isLong ? 0.53 : 0.355));
    top = 0.5 - height / 2;
    bottom = top + height;
    waistHeight = top + Math.min(unit * 0.31, height * (dress ? 0.5 : 0.66));
    neck = unit * (garment.neckline() == Neckline.V ? 0.062 : 0.068);
    neckDepth = unit * (garment.neckline() == Neckline.V ? 0.19 : 0.075);
    shoulder = unit * (garment.sleeves() == Sleeves.NONE ? 0.107 : 0.14);
    armpit = unit * 0.128;
    waist =
        unit
            * switch (garment.cut()) {
              case FITTED -> 0.09;
              case STRAIGHT -> 0.13;
              case FLARED -> dress ? 0.10 : 0.108;
            };
    hem =
        unit
            * switch (garment.cut()) {
              case FITTED -> 0.108;
              case STRAIGHT -> 0.14;
              case FLARED -> dress ? (isLong ? 0.31 : 0.27) : (isLong ? 0.225 : 0.195);
            };
  }

  double top() {
    return top;
  }

  double bottom() {
    return bottom;
  }

  double waistHeight() {
    return waistHeight;
  }

  double waist() {
    return waist;
  }

  double hem() {
    return hem;
  }

  double unit() {
    return unit;
  }

  /** Where the front opening ends. */
  double neckBottom() {
    return top + neckDepth * 0.98;
  }

  /** The front: neck, shoulders, sides and hem. */
  Shape body() {
    double armpitHeight = top + unit * 0.18;
    double sideBottom =
        bottom - (garment.category() == Category.SHIRT ? 0.045 * unit : 0.012 * unit);
    Path2D path = new Path2D.Double();
    path.moveTo(near(-neck), near(top));
    neckline(path);
    path.lineTo(near(shoulder), near(top + 0.026 * unit));
    double armhole = shoulder - (garment.sleeves() == Sleeves.NONE ? 0.02 * unit : 0);
    path.quadTo(near(armhole), near(armpitHeight - 0.05 * unit), near(armpit), near(armpitHeight));
    side(path, 1, armpitHeight, waistHeight, sideBottom);
    if (garment.category() == Category.SHIRT) {
      // A shirt tail: rounded up at the sides.
      path.curveTo(
          near(hem * 0.8),
          near(bottom + 0.012),
          near(-hem * 0.8),
          near(bottom + 0.012),
          near(-hem),
          near(sideBottom));
    } else {
      path.quadTo(near(0), near(bottom + 0.02 * unit), near(-hem), near(sideBottom));
    }
    side(path, -1, armpitHeight, waistHeight, sideBottom);
    path.quadTo(
        near(-armhole),
        near(armpitHeight - 0.05 * unit),
        near(-shoulder),
        near(top + 0.026 * unit));
    path.closePath();
    return path;
  }

  private void neckline(Path2D path) {
    if (garment.neckline() == Neckline.V) {
      path.lineTo(near(0), near(top + neckDepth));
      path.lineTo(near(neck), near(top));
      return;
    }
    double deep = top + neckDepth * 1.3;
    path.curveTo(
        near(-neck * 0.85), near(deep), near(neck * 0.85), near(deep), near(neck), near(top));
  }

  /** One side seam: downward on the right (1), upward on the left (-1). */
  private void side(
      Path2D path, int direction, double armpitHeight, double waistHeight, double sideBottom) {
    double bend = (waistHeight - armpitHeight) / 2;
    double fall = (sideBottom - waistHeight) / 2.5;
    double hipOut = garment.cut() == Cut.FLARED ? waist + (hem - waist) * 0.3 : waist;
    double hemIn = garment.cut() == Cut.FITTED ? hem * 1.12 : hem;
    double hemUp = garment.cut() == Cut.FLARED ? sideBottom - fall * 0.5 : sideBottom - fall;
    double flare = garment.cut() == Cut.FLARED ? hem * 0.88 : hemIn;
    if (direction > 0) {
      path.curveTo(
          near(armpit),
          near(armpitHeight + bend),
          near(waist),
          near(waistHeight - bend),
          near(waist),
          near(waistHeight));
      path.curveTo(
          near(hipOut),
          near(waistHeight + fall),
          near(flare),
          near(hemUp),
          near(hem),
          near(sideBottom));
      return;
    }
    path.curveTo(
        near(-flare),
        near(hemUp),
        near(-hipOut),
        near(waistHeight + fall),
        near(-waist),
        near(waistHeight));
    path.curveTo(
        near(-waist),
        near(waistHeight - bend),
        near(-armpit),
        near(armpitHeight + bend),
        near(-armpit),
        near(armpitHeight));
  }

  /** The inside of the back that shows through the neck. */
  Shape inside() {
    Path2D path = new Path2D.Double();
    path.moveTo(-neck, top);
    path.quadTo(0, top + 0.03 * unit, neck, top);
    if (garment.neckline() == Neckline.V) {
      path.lineTo(0, top + neckDepth);
    } else {
      double deep = top + neckDepth * 1.3;
      path.curveTo(neck * 0.85, deep, -neck * 0.85, deep, -neck, top);
    }
    path.closePath();
    return path;
  }

  /** Right and left sleeve, or none. */
  List<Shape> sleeves() {
    return switch (garment.sleeves()) {
      case NONE -> List.of();
      case SHORT -> List.of(sleeve(1, 0.135, 48, 0.088), sleeve(-1, 0.135, 48, 0.088));
      case LONG -> List.of(sleeve(1, 0.40, 69, 0.058), sleeve(-1, 0.40, 69, 0.058));
    };
  }

  private Path2D sleeve(int side, double length, double degreesDown, double opening) {
    double angle = Math.toRadians(degreesDown + random.nextDouble(-4, 4));
    double across = Math.cos(angle);
    double down = Math.sin(angle);
    double startHeight = top + 0.026 * unit;
    double endX = shoulder + length * unit * across;
    double endY = startHeight + length * unit * down;
    double innerX = endX - opening * unit * down;
    double innerY = endY + opening * unit * across;
    Path2D path = new Path2D.Double();
    path.moveTo(side * near(shoulder - 0.012 * unit), near(startHeight - 0.003));
    path.quadTo(
        side * near(shoulder + 0.035 * unit),
        near(startHeight + 0.02 * unit),
        side * near(endX),
        near(endY));
    path.lineTo(side * near(innerX), near(innerY));
    path.lineTo(side * near(armpit - 0.004 * unit), near(top + 0.185 * unit));
    path.closePath();
    return path;
  }

  /** The two halves of a shirt's collar: pointed over a v-neck, rounded over a round one. */
  List<Shape> collar() {
    List<Shape> halves = new ArrayList<>();
    for (int side : new int[] {-1, 1}) {
      Path2D half = new Path2D.Double();
      half.moveTo(side * near(neck * 0.98), near(top - 0.012 * unit));
      if (garment.neckline() == Neckline.V) {
        half.lineTo(side * near(neck + 0.045 * unit), near(top + 0.062 * unit));
        half.lineTo(side * near(0.038 * unit), near(top + 0.105 * unit));
      } else {
        half.curveTo(
            side * near(neck + 0.05 * unit),
            near(top + 0.07 * unit),
            side * near(0.05 * unit),
            near(top + 0.15 * unit),
            side * near(0.004 * unit),
            near(neckBottom() - 0.002));
        half.quadTo(
            side * near(neck * 0.75),
            near(neckBottom() - 0.01),
            side * near(neck * 0.98),
            near(top - 0.012 * unit));
      }
      half.closePath();
      halves.add(half);
    }
    return halves;
  }

  /** The buttons of a shirt, from below the neck to the hem. */
  List<Shape> buttons() {
    List<Shape> buttons = new ArrayList<>();
    double radius = 0.0105 * unit;
    for (double y = neckBottom() + 0.03 * unit; y < bottom - 0.03 * unit; y += 0.062 * unit) {
      buttons.add(new Ellipse2D.Double(near(0) - radius, near(y) - radius, 2 * radius, 2 * radius));
    }
    return buttons;
  }

  private double near(double coordinate) {
    return coordinate + UNSTEADINESS * random.nextGaussian();
  }
}
