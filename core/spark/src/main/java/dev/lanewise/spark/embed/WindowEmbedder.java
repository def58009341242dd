package dev.lanewise.spark.embed;

import dev.lanewise.text.TextEncoder;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Embeds the texts of a window of rows with one encoder. Equal texts are computed once. */
final class WindowEmbedder {
  private final EmbedSettings settings;
  private final int threads;
  private @Nullable TextEncoder encoder;
  private final Map<String, Integer> places = new LinkedHashMap<>();
  private float[] @Nullable [] vectors = new float[0][];

  /**
   * Creates an embedder. The model is not loaded before the first window.
   *
   * @param threads of a call
   */
  WindowEmbedder(EmbedSettings settings, int threads) {
    this.settings = settings;
    this.threads = threads;
  }

  EmbedSettings settings() {
    return settings;
  }

  /** Forgets the texts before. */
  void clear() {
    places.clear();
  }

  /** Adds a text of the window. */
  void add(String text) {
    places.putIfAbsent(text, places.size());
  }

  /** The vector of a text that was added and computed; null if it failed. */
  float @Nullable [] vector(String text) {
    return vectors[Objects.requireNonNull(places.get(text))];
  }

  /**
   * Computes the vectors of all texts that were added.
   *
   * @throws FailedTextException if a text cannot be embedded, and failures are not null
   */
  void compute() throws IOException, InterruptedException {
    if (places.isEmpty()) {
      return;
    }
    TextEncoder with = encoder;
    if (with == null) {
      with = Models.encoder(settings).withThreads(threads);
      encoder = with;
    }
    List<String> texts = List.copyOf(places.keySet());
    try {
      vectors = with.embed(texts);
    } catch (IllegalArgumentException e) {
      vectors = withoutFailed(with, texts, e);
    }
  }

  /** Embeds what can be embedded. */
  private float[] @Nullable [] withoutFailed(TextEncoder with, List<String> texts, IllegalArgumentException failure) {
    List<String> good = new ArrayList<>();
    List<Integer> indices = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      try {
        with.tokens(texts.get(i));
        good.add(texts.get(i));
        indices.add(i);
      } catch (IllegalArgumentException e) {
        if (settings.onFailure() == OnFailure.FAIL) {
          throw new FailedTextException(texts.get(i), e);
        }
      }
    }
    if (good.size() == texts.size()) {
      throw failure; // not because of a text
    }
    float[][] made = with.embed(good);
    float[] @Nullable [] all = new float[texts.size()][];
    for (int i = 0; i < made.length; i++) {
      all[indices.get(i)] = made[i];
    }
    return all;
  }

  /** Says which text cannot be embedded. */
  static final class FailedTextException extends IllegalArgumentException {
    private final String text;

    private FailedTextException(String text, IllegalArgumentException cause) {
      super(String.valueOf(cause.getMessage()).replace("texts[0]", "the text"), cause);
      this.text = text;
    }

    String text() {
      return text;
    }
  }
}
