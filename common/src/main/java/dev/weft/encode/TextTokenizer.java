package dev.weft.encode;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;

/**
 * Cuts a text into the tokens of a model, as {@code tokenizer.json} says, by the library that
 * Hugging Face's Python package is made of.
 *
 * <p>A text that is too long loses its end, and keeps the tokens that the model wants at both ends.
 *
 * <p>Safe for concurrent use until closed.
 */
final class TextTokenizer implements AutoCloseable {
  private final HuggingFaceTokenizer tokenizer;
  private final TextRules rules;

  /**
   * @param json content of {@code tokenizer.json}
   * @param rules how long a text may be, and how it is filled up
   */
  TextTokenizer(byte[] json, TextRules rules) throws IOException {
    this.rules = rules;
    String limit = String.valueOf(rules.limit());
    this.tokenizer =
        HuggingFaceTokenizer.newInstance(
            new ByteArrayInputStream(json),
            Map.of(
                "truncation",
                "true",
                "padding",
                "false",
                "maxLength",
                limit,
                "modelMaxLength",
                limit));
  }

  /**
   * A text as tokens.
   *
   * @param ids of the tokens, filled up where the model wants one length
   * @param mask 1 for a token, 0 for what fills up
   * @param types which part of the input a token is of
   * @param cut whether the end of the text was lost
   */
  @SuppressWarnings("ArrayRecordComponent") // moved, never compared
  record Tokens(long[] ids, long[] mask, long[] types, boolean cut) {
    int length() {
      return ids.length;
    }
  }

  /** The tokens of a text. */
  Tokens encode(String text) {
    Encoding encoding = tokenizer.encode(wellFormed(text), true, true);
    long[] ids = encoding.getIds();
    long[] mask = new long[ids.length];
    Arrays.fill(mask, 1);
    boolean cut = encoding.getOverflowing().length > 0;
    if (!rules.fill() || ids.length == rules.limit()) {
      return new Tokens(ids, mask, encoding.getTypeIds(), cut);
    }
    long[] filled = Arrays.copyOf(ids, rules.limit());
    Arrays.fill(filled, ids.length, filled.length, rules.padId());
    return new Tokens(
        filled,
        Arrays.copyOf(mask, rules.limit()),
        Arrays.copyOf(encoding.getTypeIds(), rules.limit()),
        cut);
  }

  /** Half of a surrogate pair is no character, and the native library would stop at it. */
  private static String wellFormed(String text) {
    StringBuilder whole = new StringBuilder(text.length());
    text.codePoints()
        .map(
            point ->
                point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE
                    ? 0xFFFD
                    : point)
        .forEach(whole::appendCodePoint);
    return whole.toString();
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
