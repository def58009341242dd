package dev.lanewise.text.tokenizer.template;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The order of special tokens and texts in what a model reads: {@code [CLS] A [SEP]}, and {@code [CLS] A [SEP] B [SEP]} for a pair.
 *
 * @param single parts for one text
 * @param pair parts for two texts; null if pairs are not possible
 */
public record Template(List<Part> single, @Nullable List<Part> pair) {
  /** The texts one after the other, without special tokens. */
  public static final Template NONE = new Template(List.of(new Part.Text(0, 0)), List.of(new Part.Text(0, 0), new Part.Text(1, 1)));

  /** A part of a template. */
  public sealed interface Part {
    /** Type of the part's tokens: 0 or 1 in BERT. */
    int type();

    /** Place of a text: 0 for the first, 1 for the second of a pair. */
    record Text(int sequence, int type) implements Part {}

    /** A special token, which may stand for several ids. */
    record Special(List<Integer> ids, int type) implements Part {}
  }

  /** Number of special tokens around one text, or a pair. */
  public int added(boolean ofPair) {
    int added = 0;
    for (Part part : parts(ofPair)) {
      added += part instanceof Part.Special special ? special.ids().size() : 0;
    }
    return added;
  }

  /** The parts for one text, or a pair. */
  public List<Part> parts(boolean ofPair) {
    if (!ofPair) {
      return single;
    }
    if (pair == null) {
      throw new IllegalArgumentException("pair is given, but the tokenizer has no template for pairs");
    }
    return pair;
  }
}
