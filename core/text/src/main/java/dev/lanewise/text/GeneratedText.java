package dev.lanewise.text;

import dev.lanewise.core.generation.Generator;
import dev.lanewise.text.tokenizer.StreamingDecoder;

/** A text that is being generated: tokens come in, and pieces of text that no later token can change go to a listener. */
final class GeneratedText {
  private final int number;
  private final int promptTokens;
  private final StreamingDecoder decoder;
  private final StopStrings stops;
  private final TextGenerator.Listener listener;
  private final StringBuilder text = new StringBuilder();
  private int tokens;
  private boolean cancelled;
  private TextGenerator.Finish finish = TextGenerator.Finish.CANCELLED;

  GeneratedText(int number, int promptTokens, StreamingDecoder decoder, StopStrings stops, TextGenerator.Listener listener) {
    this.number = number;
    this.promptTokens = promptTokens;
    this.decoder = decoder;
    this.stops = stops;
    this.listener = listener;
  }

  int number() {
    return number;
  }

  /** Adds a token. Returns whether the text continues. */
  boolean add(int token) {
    tokens++;
    emit(stops.append(decoder.append(token)));
    return !cancelled && !stops.found();
  }

  /** Ends the text. What was held back belongs to it, unless a stop string or the listener has ended it before. */
  void end(Generator.Finish reason) {
    if (!cancelled && !stops.found()) {
      emit(stops.append(decoder.finish()));
    }
    if (!cancelled && !stops.found()) {
      emit(stops.finish());
    }
    finish = cancelled ? TextGenerator.Finish.CANCELLED : stops.found() ? TextGenerator.Finish.STOP_STRING : of(reason);
  }

  private static TextGenerator.Finish of(Generator.Finish reason) {
    return switch (reason) {
      case STOP_ID, STOP_SEQUENCE -> TextGenerator.Finish.STOP_TOKEN;
      case LENGTH -> TextGenerator.Finish.LENGTH;
      case CANCELLED -> TextGenerator.Finish.CANCELLED;
    };
  }

  private void emit(String piece) {
    if (!piece.isEmpty()) {
      text.append(piece);
      cancelled = !listener.next(number, piece);
    }
  }

  TextGenerator.Result result() {
    return new TextGenerator.Result(text.toString(), finish, promptTokens, tokens);
  }
}
