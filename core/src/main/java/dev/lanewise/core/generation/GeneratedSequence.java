package dev.lanewise.core.generation;

import dev.lanewise.kernels.runtime.Checks;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** A sequence that is being generated: its tokens, how many of them the model has read, and how many the caller has received. */
final class GeneratedSequence implements Generator.Tokens {
  private final int number;
  private final GeneratorSettings settings;
  private final int prompt;

  /** Number of tokens of the prompt and of the forced prefix. */
  private final int given;

  private int[] tokens;
  private int count;

  /** Number of tokens whose rows the model's state holds. */
  private int read;

  /** Number of tokens that no stop sequence can remove any more. */
  private int certain;

  private int received;
  private Generator.@Nullable Finish finish;

  GeneratedSequence(int number, int[] prompt, GeneratorSettings settings) {
    this.number = number;
    this.settings = settings;
    this.prompt = prompt.length;
    this.given = prompt.length + settings.prefix().length;
    this.tokens = Arrays.copyOf(prompt, given + Math.min(settings.maxTokens(), 16));
    System.arraycopy(settings.prefix(), 0, tokens, prompt.length, settings.prefix().length);
    this.count = given;
    this.certain = given;
    this.received = prompt.length;
  }

  int number() {
    return number;
  }

  @Override
  public int count() {
    return count;
  }

  @Override
  public int promptCount() {
    return prompt;
  }

  @Override
  public int get(int index) {
    Checks.index("index", index, count);
    return tokens[index];
  }

  /** The tokens; behind {@link #count} the array holds others. */
  int[] array() {
    return tokens;
  }

  int read() {
    return read;
  }

  void addRead(int rows) {
    read += rows;
  }

  int unread() {
    return count - read;
  }

  boolean open() {
    return finish == null;
  }

  /** Number of tokens that may still be added. */
  int room() {
    return prompt + settings.maxTokens() - count;
  }

  /** Adds a chosen token, or ends the sequence. */
  void add(int token) {
    if (settings.stopsAt(token)) {
      end(Generator.Finish.STOP_ID);
      return;
    }
    if (count == tokens.length) {
      tokens = Arrays.copyOf(tokens, (int) Math.min(2L * count, (long) prompt + settings.maxTokens()));
    }
    tokens[count++] = token;
    int held = 0;
    for (int[] stop : settings.stopSequences()) {
      int matched = matched(stop);
      if (matched == stop.length) {
        count -= stop.length;
        end(Generator.Finish.STOP_SEQUENCE);
        return;
      }
      held = Math.max(held, matched);
    }
    certain = count - held;
    if (room() == 0) {
      end(Generator.Finish.LENGTH);
    }
  }

  private void end(Generator.Finish reason) {
    certain = count;
    finish = reason;
  }

  /** Length of the longest beginning of a stop sequence that the chosen tokens end with. */
  private int matched(int[] stop) {
    for (int length = Math.min(stop.length, count - given); length > 0; length--) {
      if (Arrays.equals(tokens, count - length, count, stop, 0, length)) {
        return length;
      }
    }
    return 0;
  }

  /** Ends an open sequence, with the tokens that are certain. */
  void cancel() {
    if (finish == null) {
      finish = Generator.Finish.CANCELLED;
    }
  }

  /** Ends the sequence with the tokens that the caller has received. */
  void cancelHere() {
    if (finish == null || received < certain) {
      certain = received;
      finish = Generator.Finish.CANCELLED;
    }
  }

  boolean hasNext() {
    return received < certain;
  }

  int next() {
    return tokens[received++];
  }

  Generator.Result result() {
    boolean whole = received == certain;
    return new Generator.Result(
        Arrays.copyOfRange(tokens, prompt, received), whole && finish != null ? finish : Generator.Finish.CANCELLED);
  }
}
