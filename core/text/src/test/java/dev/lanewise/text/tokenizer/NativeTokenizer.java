package dev.lanewise.text.tokenizer;

import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.logging.Level;
import java.util.logging.Logger;

/** Hugging Face's own tokenizer, in native code, for any tokenizer.json. */
public final class NativeTokenizer implements AutoCloseable {
  private static final String OFFLINE_PROPERTY = "ai.djl.offline";

  /** Logs each GPU that it does not find. */
  private static final Logger LOGGER = Logger.getLogger("ai.djl");

  private final TokenizersLibrary library;
  private final long handle;

  private NativeTokenizer(String json, boolean keepsTruncation) {
    LOGGER.setLevel(Level.SEVERE);
    // Otherwise the library searches the network for CUDA builds and reports its start to its makers.
    if (System.getProperty(OFFLINE_PROPERTY) == null) {
      System.setProperty(OFFLINE_PROPERTY, "true");
    }
    LibUtils.checkStatus();
    library = TokenizersLibrary.LIB;
    handle = library.createTokenizerFromString(json);
    library.disablePadding(handle);
    if (!keepsTruncation) {
      library.disableTruncation(handle);
    }
  }

  /** Loads the tokenizer of MiniLM without truncation. */
  static NativeTokenizer load() throws IOException {
    return new NativeTokenizer(miniLm(), false);
  }

  /** Loads the tokenizer of MiniLM with a maximum number of tokens. */
  static NativeTokenizer load(int maxTokens) throws IOException {
    NativeTokenizer tokenizer = load();
    tokenizer.library.setTruncation(tokenizer.handle, maxTokens, "LONGEST_FIRST", 0);
    return tokenizer;
  }

  /** Loads any tokenizer.json, with its truncation. */
  public static NativeTokenizer of(String json) {
    return new NativeTokenizer(json, true);
  }

  /** The tokenizer.json of MiniLM. */
  static String miniLm() throws IOException {
    try (InputStream json = Objects.requireNonNull(NativeTokenizer.class.getResourceAsStream("/all-minilm-l6-v2-tokenizer.json"))) {
      return new String(json.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** The tokens of a text alone, without the template. Their ranges would take most of the time. */
  public List<String> tokens(String text) {
    long encoding = library.encode(handle, text, false);
    try {
      return List.of(library.getTokens(encoding));
    } finally {
      library.deleteEncoding(encoding);
    }
  }

  /** The ids of a text alone, without the template. */
  public List<Integer> ids(String text) {
    return Arrays.stream(ids(text, false)).boxed().toList();
  }

  /** The ids of a text. */
  int[] ids(String text, boolean addSpecialTokens) {
    long encoding = library.encode(handle, text, addSpecialTokens);
    try {
      return ints(library.getTokenIds(encoding));
    } finally {
      library.deleteEncoding(encoding);
    }
  }

  /** Encodes a text; the ranges are UTF-16 indices. */
  public Native encode(String text, boolean addSpecialTokens) {
    return taken(library.encode(handle, text, addSpecialTokens), text, "", false).getFirst();
  }

  /** Encodes a pair of texts. */
  public Native encode(String text, String pair, boolean addSpecialTokens) {
    return taken(library.encodeDual(handle, text, pair, addSpecialTokens), text, pair, false).getFirst();
  }

  /** Encodes a text and returns what was cut off as well, for files whose truncation has a stride. */
  public List<Native> encodeWithOverflow(String text) {
    return taken(library.encode(handle, text, true), text, "", true);
  }

  /** Decodes tokens. */
  public String decode(int[] ids, boolean skipSpecialTokens) {
    return library.decode(handle, Arrays.stream(ids).asLongStream().toArray(), skipSpecialTokens);
  }

  private List<Native> taken(long encoding, String text, String pair, boolean overflows) {
    List<Native> all = new ArrayList<>();
    try {
      int[][] indices = {indices(text), indices(pair)};
      int[] sequences = ints(library.getSequenceIds(encoding));
      String[] tokens = library.getTokens(encoding);
      int[] starts = new int[tokens.length];
      int[] ends = new int[tokens.length];
      CharSpan[] spans = library.getTokenCharSpans(encoding);
      for (int i = 0; i < tokens.length; i++) {
        if (spans[i] != null) {
          starts[i] = index(indices[sequences[i]], spans[i].getStart());
          ends[i] = index(indices[sequences[i]], spans[i].getEnd());
        }
      }
      all.add(
          new Native(ints(library.getTokenIds(encoding)), ints(library.getTypeIds(encoding)), List.of(tokens), starts, ends, sequences));
      for (long overflowing : overflows && library.getOverflowCount(encoding) > 0 ? library.getOverflowing(encoding) : new long[0]) {
        all.add(taken(overflowing, text, pair, false).getFirst());
      }
    } finally {
      library.deleteEncoding(encoding);
    }
    return all;
  }

  /** The index of a code point; JNI makes several of an unpaired surrogate. */
  private static int index(int[] indices, int point) {
    return indices[Math.min(point, indices.length - 1)];
  }

  private static int[] ints(long[] longs) {
    return Arrays.stream(longs).mapToInt(Math::toIntExact).toArray();
  }

  /** The UTF-16 index of each code point, and the length of the text. */
  private static int[] indices(String text) {
    int[] indices = new int[text.codePointCount(0, text.length()) + 1];
    int at = 0;
    for (int i = 0; i < indices.length - 1; i++) {
      indices[i] = at;
      at += Character.charCount(text.codePointAt(at));
    }
    indices[indices.length - 1] = at;
    return indices;
  }

  @Override
  public void close() {
    library.deleteTokenizer(handle);
  }

  /**
   * What the native tokenizer returns.
   *
   * @param starts UTF-16 indices; 0 for tokens of the template
   * @param sequences 0, 1, or −1 for tokens of the template
   */
  public record Native(int[] ids, int[] types, List<String> tokens, int[] starts, int[] ends, int[] sequences) {}
}
