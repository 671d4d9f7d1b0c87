package dev.weft.ingest;

import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.zip.CRC32;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;

/** Image files of every kind, made in memory. */
final class ImageFixtures {
  private ImageFixtures() {}

  /** An image whose corners are red, green (right), blue (below) and yellow. */
  static BufferedImage corners(int type) {
    BufferedImage image = new BufferedImage(48, 32, type);
    Graphics2D graphics = image.createGraphics();
    fill(graphics, Color.RED, 0, 0);
    fill(graphics, Color.GREEN, 24, 0);
    fill(graphics, Color.BLUE, 0, 16);
    fill(graphics, Color.YELLOW, 24, 16);
    graphics.dispose();
    return image;
  }

  private static void fill(Graphics2D graphics, Color color, int x, int y) {
    graphics.setColor(color);
    graphics.fillRect(x, y, 24, 16);
  }

  /** Random colours, so that no part of a file can be guessed. */
  static BufferedImage noise(int width, int height) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    SplittableRandom random = new SplittableRandom(5);
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        image.setRGB(x, y, random.nextInt());
      }
    }
    return image;
  }

  static byte[] encode(BufferedImage image, String format) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      if (!ImageIO.write(image, format, out)) {
        throw new IllegalArgumentException("no writer of " + format + " takes " + image);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  static byte[] progressiveJpeg(BufferedImage image) {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ImageWriteParam parameters = writer.getDefaultWriteParam();
    parameters.setProgressiveMode(ImageWriteParam.MODE_DEFAULT);
    return write(writer, new IIOImage(image, null, null), parameters);
  }

  /**
   * A JPEG file of four components as Adobe writes them, inverted: cyan, magenta, yellow and black
   * ink, 0 to 255.
   */
  static byte[] cmykJpeg(int... inks) {
    WritableRaster raster = Raster.createInterleavedRaster(0, 16, 16, 4, null);
    int[] inverted = Arrays.stream(inks).map(ink -> 255 - ink).toArray();
    for (int y = 0; y < 16; y++) {
      for (int x = 0; x < 16; x++) {
        raster.setPixel(x, y, inverted);
      }
    }
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    byte[] jpeg = write(writer, new IIOImage(raster, null, null), writer.getDefaultWriteParam());
    return ByteBuffer.allocate(jpeg.length + 16)
        .put(jpeg, 0, 2)
        .putShort((short) 0xFFEE)
        .putShort((short) 14)
        .put("Adobe".getBytes(StandardCharsets.US_ASCII))
        .putShort((short) 100)
        .putInt(0)
        .put((byte) 0) // no colour transform
        .put(jpeg, 2, jpeg.length - 2)
        .array();
  }

  private static byte[] write(ImageWriter writer, IIOImage image, ImageWriteParam parameters) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
      writer.setOutput(out);
      writer.write(null, image, parameters);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }

  /** A TIFF header with one entry: the orientation. */
  static byte[] exif(int orientation) {
    return ByteBuffer.allocate(26)
        .put("MM".getBytes(StandardCharsets.US_ASCII))
        .putShort((short) 42)
        .putInt(8)
        .putShort((short) 1)
        .putShort((short) 0x0112)
        .putShort((short) 3)
        .putInt(1)
        .putShort((short) orientation)
        .putShort((short) 0)
        .putInt(0)
        .array();
  }

  /** Puts an EXIF segment behind the first marker of a JPEG file. */
  static byte[] withJpegExif(byte[] jpeg, byte[] exif) {
    return ByteBuffer.allocate(jpeg.length + 10 + exif.length)
        .put(jpeg, 0, 2)
        .putShort((short) 0xFFE1)
        .putShort((short) (8 + exif.length))
        .put("Exif\0\0".getBytes(StandardCharsets.US_ASCII))
        .put(exif)
        .put(jpeg, 2, jpeg.length - 2)
        .array();
  }

  /** Puts a chunk behind the header of a PNG file. */
  static byte[] withPngChunk(byte[] png, String type, byte[] data) {
    return ByteBuffer.allocate(png.length + 12 + data.length)
        .put(png, 0, 33)
        .put(pngChunk(type, data))
        .put(png, 33, png.length - 33)
        .array();
  }

  static byte[] pngChunk(String type, byte[] data) {
    byte[] checked =
        ByteBuffer.allocate(4 + data.length)
            .put(type.getBytes(StandardCharsets.US_ASCII))
            .put(data)
            .array();
    CRC32 checksum = new CRC32();
    checksum.update(checked);
    return ByteBuffer.allocate(12 + data.length)
        .putInt(data.length)
        .put(checked)
        .putInt((int) checksum.getValue())
        .array();
  }

  /** A PNG file whose header promises a size that its few bytes cannot hold. */
  static byte[] pngBomb(int width, int height) {
    byte[] header =
        ByteBuffer.allocate(13)
            .putInt(width)
            .putInt(height)
            .put(new byte[] {8, 2, 0, 0, 0})
            .array();
    byte[] signature = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    byte[] chunk = pngChunk("IHDR", header);
    byte[] data = pngChunk("IDAT", new byte[] {0x78, (byte) 0x9C, 3, 0, 0, 0, 0, 1});
    byte[] end = pngChunk("IEND", new byte[0]);
    return ByteBuffer.allocate(signature.length + chunk.length + data.length + end.length)
        .put(signature)
        .put(chunk)
        .put(data)
        .put(end)
        .array();
  }

  /** The same JPEG file with another size in its frame header. */
  static byte[] withJpegSize(byte[] jpeg, int width, int height) {
    byte[] changed = jpeg.clone();
    for (int at = 2; at < changed.length; ) {
      int marker = changed[at + 1] & 0xFF;
      if (marker == 0xC0 || marker == 0xC2) {
        ByteBuffer.wrap(changed).putShort(at + 5, (short) height).putShort(at + 7, (short) width);
        return changed;
      }
      at += 2 + ((changed[at + 2] & 0xFF) << 8 | (changed[at + 3] & 0xFF));
    }
    throw new IllegalArgumentException("no frame header");
  }
}
