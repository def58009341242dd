package dev.lanewise.text.tokenizer.decoder;

import dev.lanewise.text.tokenizer.normaliser.TextBudget;
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

    /** The budget of all tokens so far. */
    private final TextBudget budget = new TextBudget();

    StepRun(List<DecoderStep> steps) {
      TokenSink sink = new Last();
      for (DecoderStep step : steps.reversed()) {
        sink =
            switch (step) {
              case ByteFallbackStep _ -> ByteFallbackStep.open(sink);
              case ByteLevelStep _ -> ByteLevelStep.open(sink);
              case FuseStep _ -> FuseStep.open(sink);
              case MetaspaceStep metaspace -> metaspace.open(sink);
              case ReplaceStep replace -> replace.open(sink, budget);
              case StripStep strip -> strip.open(sink);
              case SuffixStep suffix -> suffix.open(sink);
              case WordPieceStep pieces -> pieces.open(sink);
            };
      }
      first = sink;
    }

    @Override
    public void accept(String part, Consumer<String> next) {
      budget.add(part.length());
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
