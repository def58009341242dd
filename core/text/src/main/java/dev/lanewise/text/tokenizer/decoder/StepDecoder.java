package dev.lanewise.text.tokenizer.decoder;

import dev.lanewise.text.tokenizer.normaliser.Growth;
import java.util.List;
import java.util.function.Consumer;

/**
 * Steps after one another: each makes tokens of the tokens of the step before it, and the last ones together are the text.
 *
 * @param steps the first step receives the tokens of the vocabulary
 */
public record StepDecoder(List<DecoderStep> steps) implements Decoder {
  /** Steps after one another. */
  public StepDecoder {
    steps = List.copyOf(steps);
  }

  @Override
  public Run start() {
    return new StepRun(steps);
  }

  private static final class StepRun implements Run {
    private final TokenSink first;
    private final StringBuilder text = new StringBuilder();

    /** Number of characters of all tokens so far. */
    private long received;

    StepRun(List<DecoderStep> steps) {
      TokenSink sink = new Last();
      for (DecoderStep step : steps.reversed()) {
        sink =
            switch (step) {
              case ByteFallbackStep _ -> ByteFallbackStep.open(sink);
              case ByteLevelStep _ -> ByteLevelStep.open(sink);
              case FuseStep _ -> FuseStep.open(sink);
              case MetaspaceStep metaspace -> metaspace.open(sink);
              case ReplaceStep replace -> replace.open(sink, () -> Growth.most(received));
              case StripStep strip -> strip.open(sink);
              case SuffixStep suffix -> suffix.open(sink);
              case WordPieceStep pieces -> pieces.open(sink);
            };
      }
      first = sink;
    }

    @Override
    public void accept(String part, Consumer<String> next) {
      received += part.length();
      first.token(part);
      handOver(next);
    }

    @Override
    public void finish(Consumer<String> next) {
      first.finish();
      handOver(next);
    }

    private void handOver(Consumer<String> next) {
      if (!text.isEmpty()) {
        String certain = text.toString();
        text.setLength(0);
        next.accept(certain);
      }
    }

    /** Joins the tokens of the last step. */
    private final class Last implements TokenSink {
      @Override
      public void text(String fragment) {
        text.append(fragment);
      }

      @Override
      public void endToken() {}

      @Override
      public void finish() {}
    }
  }
}
