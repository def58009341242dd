package dev.lanewise.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The vectors of a stream of texts, in their order. Texts are read and embedded in batches, which begin small, so that the first vectors
 * come soon. An exception of the source is thrown after the vectors of the texts before it.
 */
final class EmbeddedTexts extends Spliterators.AbstractSpliterator<float[]> {
  private static final int FIRST_TEXTS = 64;

  private final Spliterator<String> texts;
  private final Embedder embedder;

  private int textsOfBatch = FIRST_TEXTS;
  private long read;
  private List<float[]> vectors = List.of();
  private int next;
  private boolean ended;
  private @Nullable Throwable failure;

  /** Embeds a batch of texts. */
  @FunctionalInterface
  interface Embedder {
    /**
     * Computes vectors.
     *
     * @param first number of the first text
     */
    List<float[]> embed(List<String> texts, long first);
  }

  EmbeddedTexts(Spliterator<String> texts, Embedder embedder) {
    super(texts.estimateSize(), ORDERED | NONNULL | (texts.characteristics() & (SIZED | SUBSIZED)));
    this.texts = texts;
    this.embedder = embedder;
  }

  @Override
  public boolean tryAdvance(Consumer<? super float[]> action) {
    Objects.requireNonNull(action, "action");
    while (next == vectors.size()) {
      if (ended) {
        throwFailure();
        return false;
      }
      readBatch();
    }
    action.accept(vectors.get(next++));
    return true;
  }

  private void readBatch() {
    List<String> batch = new ArrayList<>();
    int most = textsOfBatch;
    long[] characters = {0};
    try {
      while (!ended && batch.size() < most && characters[0] < TextEncoder.MOST_CHARACTERS) {
        ended =
            !texts.tryAdvance(
                text -> {
                  batch.add(Objects.requireNonNull(text, "texts[" + (read + batch.size()) + "]"));
                  characters[0] += text.length();
                });
      }
    } catch (Throwable e) { // anything: it is thrown after the vectors of this batch
      failure = e;
      ended = true;
    }
    vectors = List.of();
    next = 0;
    vectors = embedder.embed(batch, read);
    read += batch.size();
    textsOfBatch = Math.min(2 * most, TextEncoder.MOST_TEXTS);
  }

  private void throwFailure() {
    Throwable thrown = failure;
    if (thrown != null) {
      failure = null;
      EmbeddedTexts.<RuntimeException>rethrow(thrown);
    }
  }

  /** Throws the exception unchanged: languages without checked exceptions throw any exception from any function. */
  @SuppressWarnings("unchecked") // the cast is erased
  private static <T extends Throwable> void rethrow(Throwable thrown) throws T {
    throw (T) thrown;
  }
}
