package dev.weft.encode;

/**
 * The interpolation kernel of a resize, as Pillow defines it: a symmetric function of the distance
 * in source pixels, stretched by the scale when an image shrinks (which is the antialiasing).
 */
public enum Resample {
  /** A triangle of radius 1. */
  BILINEAR(1) {
    @Override
    double weight(double distance) {
      double x = Math.abs(distance);
      return x < 1 ? 1 - x : 0;
    }
  },

  /**
   * The cubic convolution of radius 2 with a = -0.5 (Keys, "Cubic Convolution Interpolation for
   * Digital Image Processing", 1981). OpenCV and PyTorch tensors use a = -0.75.
   */
  BICUBIC(2) {
    private static final double A = -0.5;

    @Override
    double weight(double distance) {
      double x = Math.abs(distance);
      if (x < 1) {
        return ((A + 2) * x - (A + 3)) * x * x + 1;
      }
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * A : 0;
    }
  },

  /** The sine cardinal of radius 3, windowed by its own longer self (Lanczos). */
  LANCZOS(3) {
    @Override
    double weight(double distance) {
      return distance >= -3 && distance < 3 ? sinc(distance) * sinc(distance / 3) : 0;
    }
  };

  private final double radius;

  Resample(double radius) {
    this.radius = radius;
  }

  /** Distance beyond which the weight is 0, in source pixels at scale 1. */
  double radius() {
    return radius;
  }

  private static double sinc(double x) {
    return x == 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
  }

  /**
   * The unnormalised weight of a source pixel.
   *
   * @param distance from the centre of the output pixel, in source pixels over the stretch
   */
  abstract double weight(double distance);
}
