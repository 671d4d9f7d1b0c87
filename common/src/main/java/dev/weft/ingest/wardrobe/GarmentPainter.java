package dev.weft.ingest.wardrobe;

import java.awt.AlphaComposite;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.Shape;
import java.awt.geom.AffineTransform;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/**
 * Draws garments as catalogue pictures. Position, size, tilt, shade, background, the line of the
 * hand and the noise of the sensor vary, so that no two pictures of one garment are equal.
 *
 * <p>Equal arguments give equal bytes on one Java version. Instances are immutable and safe to
 * share between threads; no screen is needed.
 */
public final class GarmentPainter {
  private static final double PIXEL_NOISE = 4.5; // standard deviation, of 255

  private final int size;

  /**
   * @param size width and height of a picture, pixels
   */
  public GarmentPainter(int size) {
    this.size = size;
  }

  /** Draws a garment and returns the bytes of a PNG file. */
  public byte[] paint(Garment garment, SplittableRandom random) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    // In memory: ImageIO's own streams would go through a temporary file each.
    try (MemoryCacheImageOutputStream png = new MemoryCacheImageOutputStream(bytes)) {
      if (!ImageIO.write(draw(garment, random), "png", png)) {
        throw new IllegalStateException("this Java has no PNG writer");
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** Draws a garment. */
  BufferedImage draw(Garment garment, SplittableRandom random) {
    BufferedImage image = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    try {
      graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
      graphics.setRenderingHint(
          RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
      graphics.scale(size, size);
      background(graphics, random);
      graphics.translate(0.5 + random.nextDouble(-0.045, 0.045), random.nextDouble(-0.03, 0.03));
      double scale = random.nextDouble(0.86, 1.02);
      graphics.translate(0, 0.5);
      graphics.rotate(Math.toRadians(random.nextDouble(-3, 3)));
      graphics.scale(scale * random.nextDouble(0.96, 1.04), scale);
      graphics.translate(0, -0.5);
      new Cloth(graphics, garment, random).hang();
    } finally {
      graphics.dispose();
    }
    addNoise(image, random);
    return image;
  }

  private static void background(Graphics2D graphics, SplittableRandom random) {
    float hue = random.nextFloat();
    float tint = random.nextFloat(0.02f, 0.14f);
    float light = random.nextFloat(0.78f, 0.92f);
    Color above = Color.getHSBColor(hue, tint, light);
    Color below = Color.getHSBColor(hue, tint, light - random.nextFloat(0.02f, 0.12f));
    graphics.setPaint(new GradientPaint(0, 0, above, 0, 1, below));
    graphics.fill(new Rectangle2D.Double(0, 0, 1, 1));
  }

  private void addNoise(BufferedImage image, SplittableRandom random) {
    int[] pixels = image.getRGB(0, 0, size, size, null, 0, size);
    for (int i = 0; i < pixels.length; i++) {
      int red = noisy(pixels[i] >> 16 & 0xFF, random);
      int green = noisy(pixels[i] >> 8 & 0xFF, random);
      int blue = noisy(pixels[i] & 0xFF, random);
      pixels[i] = red << 16 | green << 8 | blue;
    }
    image.setRGB(0, 0, size, size, pixels, 0, size);
  }

  private static int noisy(int value, SplittableRandom random) {
    double noise = PIXEL_NOISE * random.nextGaussian();
    return (int) Math.max(0, Math.min(255, Math.round(value + noise)));
  }

  /** One garment on its way to the picture. */
  private static final class Cloth {
    private final Graphics2D graphics;
    private final Garment garment;
    private final SplittableRandom random;
    private final Silhouette silhouette;
    private final Color base;
    private final Color dark;
    private final Color print;

    Cloth(Graphics2D graphics, Garment garment, SplittableRandom random) {
      this.graphics = graphics;
      this.garment = garment;
      this.random = random;
      this.silhouette = new Silhouette(garment, random);
      this.base = shade(garment.colour().paint(), random);
      this.dark = blend(base, Color.BLACK, garment.colour().lightness() > 0.9 ? 0.4 : 0.5);
      this.print =
          garment.colour().lightness() > 0.5
              ? blend(base, new Color(0x1B1B2C), 0.68)
              : blend(base, Color.WHITE, 0.78);
    }

    void hang() {
      Shape body = silhouette.body();
      shadow(body);
      graphics.setPaint(blend(base, Color.BLACK, 0.55));
      graphics.fill(silhouette.inside());
      sew(body);
      for (Shape sleeve : silhouette.sleeves()) {
        sew(sleeve);
      }
      switch (garment.category()) {
        case DRESS -> skirt(body);
        case SHIRT -> front(body);
        case TOPTEE -> band(body);
      }
    }

    private void shadow(Shape body) {
      AffineTransform kept = graphics.getTransform();
      graphics.setPaint(new Color(0, 0, 0, 40));
      graphics.translate(0.012, 0.014);
      graphics.fill(body);
      silhouette.sleeves().forEach(graphics::fill);
      graphics.setTransform(kept);
    }

    /** Fills one piece of cloth: colour, print, light and outline. */
    private void sew(Shape piece) {
      graphics.setPaint(base);
      graphics.fill(piece);
      Shape kept = graphics.getClip();
      graphics.clip(piece);
      print(piece.getBounds2D());
      graphics.setPaint(
          new GradientPaint(
              -0.3f, 0, new Color(255, 255, 255, 38), 0.3f, 0.2f, new Color(0, 0, 0, 62)));
      graphics.fill(piece);
      graphics.setClip(kept);
      graphics.setPaint(dark);
      graphics.setStroke(line(0.011));
      graphics.draw(piece);
    }

    private void print(Rectangle2D area) {
      graphics.setPaint(print);
      switch (garment.pattern()) {
        case PLAIN -> {}
        case STRIPED -> stripes(area);
        case DOTTED -> dots(area);
        case CHECKED -> checks(area);
      }
    }

    private void stripes(Rectangle2D area) {
      double step = random.nextDouble(0.074, 0.09);
      double phase = random.nextDouble(step);
      for (double y = area.getMinY() - phase; y < area.getMaxY(); y += step) {
        graphics.fill(new Rectangle2D.Double(area.getX(), y, area.getWidth(), step * 0.45));
      }
    }

    private void dots(Rectangle2D area) {
      double step = random.nextDouble(0.076, 0.09);
      double radius = step * 0.28;
      boolean odd = random.nextBoolean();
      for (double y = area.getMinY() - random.nextDouble(step);
          y < area.getMaxY();
          y += step / 1.3) {
        odd = !odd;
        for (double x = odd ? -1 : -1 + step / 2; x < area.getMaxX(); x += step) {
          graphics.fill(new Ellipse2D.Double(x, y, 2 * radius, 2 * radius));
        }
      }
    }

    private void checks(Rectangle2D area) {
      double step = random.nextDouble(0.092, 0.108);
      double phase = random.nextDouble(step);
      graphics.setComposite(AlphaComposite.getInstance(AlphaComposite.SRC_OVER, 0.55f));
      for (double y = area.getMinY() - phase; y < area.getMaxY(); y += step) {
        graphics.fill(new Rectangle2D.Double(area.getX(), y, area.getWidth(), step * 0.45));
      }
      for (double x = area.getMinX() - phase; x < area.getMaxX(); x += step) {
        graphics.fill(new Rectangle2D.Double(x, area.getY(), step * 0.45, area.getHeight()));
      }
      graphics.setComposite(AlphaComposite.SrcOver);
    }

    /** The waist seam and the folds of a skirt. */
    private void skirt(Shape body) {
      Shape kept = graphics.getClip();
      graphics.clip(body);
      double waistHeight = silhouette.waistHeight();
      graphics.setPaint(translucent(dark, 200));
      graphics.setStroke(line(0.012));
      Path2D seam = new Path2D.Double();
      seam.moveTo(-silhouette.waist() - 0.02, waistHeight);
      seam.quadTo(0, waistHeight + 0.018, silhouette.waist() + 0.02, waistHeight);
      graphics.draw(seam);
      int folds = garment.cut() == Cut.FLARED ? 5 : 2;
      graphics.setPaint(translucent(dark, 120));
      graphics.setStroke(line(0.008));
      for (int fold = 1; fold <= folds; fold++) {
        double across = 2.0 * fold / (folds + 1) - 1 + random.nextDouble(-0.1, 0.1);
        double from = waistHeight + random.nextDouble(0.02, 0.1);
        graphics.draw(
            new Line2D.Double(
                across * silhouette.waist(), from, across * silhouette.hem(), silhouette.bottom()));
      }
      graphics.setClip(kept);
    }

    /** Placket, buttons, pocket and collar of a shirt. */
    private void front(Shape body) {
      Shape kept = graphics.getClip();
      graphics.clip(body);
      double half = 0.02 * silhouette.unit();
      graphics.setPaint(translucent(dark, 190));
      graphics.setStroke(line(0.008));
      for (double x : new double[] {-half, half}) {
        graphics.draw(new Line2D.Double(x, silhouette.neckBottom(), x, silhouette.bottom() + 0.02));
      }
      graphics.setClip(kept);
      double unit = silhouette.unit();
      graphics.draw(
          new Rectangle2D.Double(
              0.035 * unit, silhouette.top() + 0.15 * unit, 0.055 * unit, 0.06 * unit));
      for (Shape button : silhouette.buttons()) {
        graphics.setPaint(garment.colour().lightness() > 0.5 ? new Color(0x333333) : Color.WHITE);
        graphics.fill(button);
      }
      for (Shape lapel : silhouette.collar()) {
        graphics.setPaint(blend(base, Color.WHITE, 0.22));
        graphics.fill(lapel);
        graphics.setPaint(dark);
        graphics.setStroke(line(0.01));
        graphics.draw(lapel);
      }
    }

    /** The hem band and the side folds of a top. */
    private void band(Shape body) {
      Shape kept = graphics.getClip();
      graphics.clip(body);
      graphics.setPaint(translucent(dark, 170));
      graphics.setStroke(line(0.009));
      double bandHeight = silhouette.bottom() - 0.04;
      Path2D seam = new Path2D.Double();
      seam.moveTo(-silhouette.hem() - 0.05, bandHeight - 0.014);
      seam.quadTo(0, bandHeight + 0.024, silhouette.hem() + 0.05, bandHeight - 0.014);
      graphics.draw(seam);
      graphics.setPaint(translucent(dark, 100));
      for (int fold = 0; fold < 3; fold++) {
        double from = random.nextDouble(-0.1, 0.1);
        graphics.draw(
            new Line2D.Double(
                from,
                silhouette.waistHeight() + random.nextDouble(-0.05, 0.05),
                from * silhouette.hem() / silhouette.waist(),
                bandHeight));
      }
      graphics.setClip(kept);
    }

    private BasicStroke line(double width) {
      return new BasicStroke(
          (float) (width * random.nextDouble(0.8, 1.25)),
          BasicStroke.CAP_ROUND,
          BasicStroke.JOIN_ROUND);
    }

    private static Color shade(Color colour, SplittableRandom random) {
      float[] hsb = Color.RGBtoHSB(colour.getRed(), colour.getGreen(), colour.getBlue(), null);
      float hue = hsb[0] + random.nextFloat(-0.012f, 0.012f);
      float saturation = Math.min(1, hsb[1] * random.nextFloat(0.88f, 1.1f));
      float brightness = Math.min(1, hsb[2] * random.nextFloat(0.88f, 1.1f));
      // White stays white: darker, it would be grey.
      return Color.getHSBColor(
          hue, saturation, hsb[2] > 0.95 && hsb[1] < 0.1 ? hsb[2] : brightness);
    }

    private static Color blend(Color one, Color other, double share) {
      return new Color(
          (int) Math.round(one.getRed() * (1 - share) + other.getRed() * share),
          (int) Math.round(one.getGreen() * (1 - share) + other.getGreen() * share),
          (int) Math.round(one.getBlue() * (1 - share) + other.getBlue() * share));
    }

    private static Color translucent(Color colour, int alpha) {
      return new Color(colour.getRed(), colour.getGreen(), colour.getBlue(), alpha);
    }
  }
}
