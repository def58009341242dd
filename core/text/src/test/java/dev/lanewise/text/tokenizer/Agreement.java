package dev.lanewise.text.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** A tokenizer.json, read here and by Hugging Face's native tokenizer, to compare the two. */
public final class Agreement implements AutoCloseable {
  private final String name;
  private final Tokenizer tokenizer;
  private final NativeTokenizer expected;

  private Agreement(String name, Tokenizer tokenizer, NativeTokenizer expected) {
    this.name = name;
    this.tokenizer = tokenizer;
    this.expected = expected;
  }

  /**
   * Reads a tokenizer.json twice.
   *
   * @param name what messages call it
   */
  public static Agreement of(String name, String json) throws IOException {
    Tokenizer tokenizer = Tokenizer.read(new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8)), "tokenizer.json");
    return new Agreement(name, tokenizer, NativeTokenizer.of(json));
  }

  /** The tokenizer under test. */
  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /** Compares tokens, ranges and types of a text, with and without the template, and the decoded text. */
  public void on(String text) {
    same(tokenizer.encode(text), expected.encode(text, true), text);
    same(tokenizer.withTemplate(false).encode(text), expected.encode(text, false), text);
    decoded(tokenizer.encode(text).ids(), text);
  }

  /** Compares tokens, ranges and types of a pair, with and without the template. */
  public void on(String text, String pair) {
    same(tokenizer.encode(text, pair), expected.encode(text, pair, true), text + " | " + pair);
    same(tokenizer.withTemplate(false).encode(text, pair), expected.encode(text, pair, false), text + " | " + pair);
  }

  /**
   * Compares the code points that {@link Depth} tells for a file between two texts, many at a time, and alone if they differ. The hash of
   * the file's name is its number.
   */
  public void onEveryCodePoint(String before, String after, int end) {
    int atOnce = 256;
    for (int first = 0; first < end; first += atOnce) {
      if (!Depth.compares(first, name.hashCode())) {
        continue;
      }
      List<String> texts = new ArrayList<>();
      IntStream.range(first, first + atOnce)
          .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
          .forEach(c -> texts.add(before + Character.toString(c) + after));
      String all = String.join("", texts);
      if (differs(tokenizer.encode(all), expected.encode(all, true))) {
        texts.forEach(this::on);
        on(all);
      }
    }
  }

  /** Compares decoded texts, whole and token by token, with and without special tokens. */
  public void decoded(int[] ids, String what) {
    for (boolean skip : new boolean[] {true, false}) {
      String text = expected.decode(ids, skip);
      assertThat(tokenizer.decode(skip, ids)).as("%s: decoded %s, skip %s", name, shown(what), skip).isEqualTo(text);
    }
    StreamingDecoder decoder = tokenizer.streamingDecoder();
    StringBuilder streamed = new StringBuilder();
    for (int id : ids) {
      streamed.append(decoder.append(id));
    }
    assertThat(streamed.append(decoder.finish()).toString())
        .as("%s: streamed %s", name, shown(what))
        .isEqualTo(tokenizer.decode(true, ids));
  }

  /** Compares an encoding with that of the native tokenizer. */
  public void same(Encoding actual, NativeTokenizer.Native wanted, String text) {
    List<String> is = shown(actual);
    List<String> must = shown(wanted);
    if (!is.equals(must)) {
      int from = 0;
      while (from < Math.min(is.size(), must.size()) && is.get(from).equals(must.get(from))) {
        from++;
      }
      assertThat(is.subList(from, Math.min(from + 5, is.size())))
          .as("%s: from token %d of %d and %d on, of %s", name, from, is.size(), must.size(), shown(text))
          .isEqualTo(must.subList(from, Math.min(from + 5, must.size())));
      assertThat(is).hasSameSizeAs(must);
    }
  }

  private boolean differs(Encoding actual, NativeTokenizer.Native wanted) {
    return !shown(actual).equals(shown(wanted));
  }

  private static List<String> shown(Encoding encoding) {
    int[] ids = encoding.ids();
    int[] types = encoding.types();
    List<String> tokens = encoding.tokens();
    List<String> shown = new ArrayList<>();
    for (int i = 0; i < ids.length; i++) {
      shown.add(shown(tokens.get(i), ids[i], encoding.start(i), encoding.end(i), types[i], encoding.sequence(i)));
    }
    return shown;
  }

  private List<String> shown(NativeTokenizer.Native encoding) {
    List<String> shown = new ArrayList<>();
    for (int i = 0; i < encoding.ids().length; i++) {
      shown.add(
          shown(
              // The native tokenizer shows an added token as it was written in the text.
              tokenizer.token(encoding.ids()[i]),
              encoding.ids()[i],
              encoding.starts()[i],
              encoding.ends()[i],
              encoding.types()[i],
              encoding.sequences()[i]));
    }
    return shown;
  }

  private static String shown(String token, int id, int start, int end, int type, int sequence) {
    return token + " " + id + " " + start + ".." + end + " type " + type + " text " + sequence;
  }

  private static String shown(String text) {
    return text.chars().limit(200).mapToObj(Integer::toHexString).toList().toString();
  }

  @Override
  public void close() {
    expected.close();
  }
}
