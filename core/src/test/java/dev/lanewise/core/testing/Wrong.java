package dev.lanewise.core.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * A wrong call, which could write to the given array but must not, and the words that its exception must contain: the argument, and both
 * numbers, the given one and the expected one.
 */
public record Wrong(String call, Consumer<float[]> action, Class<? extends RuntimeException> exception, List<String> words) {

  public static Wrong argument(String call, Consumer<float[]> action, String... words) {
    return new Wrong(call, action, IllegalArgumentException.class, List.of(words));
  }

  public static Wrong isNull(String argument, Consumer<float[]> action) {
    return new Wrong("null " + argument, action, NullPointerException.class, List.of(argument));
  }

  public static Wrong incomplete(String call, Consumer<float[]> action, String... words) {
    return new Wrong(call, action, IllegalStateException.class, List.of(words));
  }

  /** The output shares elements with an input, one of which begins at index {@code begin} of the array. */
  public static Wrong overlap(String output, String input, int begin, Consumer<float[]> action) {
    return argument(output + " shares elements with " + input, action, output, "overlaps", input, "[" + begin);
  }

  /** A null, as a caller without a null checker may pass it. */
  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"})
  public static <T> T nothing() {
    return (T) null;
  }

  /** Makes the call, and checks the exception and the array. */
  public void verify() {
    float[] written = new float[4096];
    Arrays.fill(written, Views.SENTINEL);
    float[] untouched = written.clone();
    Throwable thrown = catchThrowable(() -> action.accept(written));
    assertThat(thrown).as(call).isExactlyInstanceOf(exception);
    assertThat(words(thrown)).as(call + ": " + thrown.getMessage()).containsAll(words);
    Views.assertSameBits(written, untouched, "the output of: " + call);
  }

  @Override
  public String toString() {
    return call;
  }

  /** Names and numbers of a message, so that 12 is not found in 123. */
  private static List<String> words(Throwable thrown) {
    return Arrays.stream(thrown.getMessage().split("[ ,:;()]+|\\.\\.|\\.$")).toList();
  }
}
