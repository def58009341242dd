package dev.lanewise.spark.embed;

import dev.lanewise.text.TextEncoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.concurrent.CancellationException;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.expressions.UnsafeArrayData;
import org.jspecify.annotations.Nullable;

/** Embeds constant texts, such as a query, on the driver while it plans. */
final class Constants {
  private Constants() {}

  /** The expression with a constant vector for each constant text. */
  static Expression computed(Expression expression) {
    Expression changed = expression.mapChildren(Constants::computed);
    return changed instanceof Embed embed && embed.child().foldable() ? new Literal(vector(embed), Embed.VECTOR) : changed;
  }

  private static @Nullable Object vector(Embed embed) {
    Object text = embed.child().eval(null);
    if (text == null) {
      return null;
    }
    try {
      TextEncoder encoder = Models.encoder(embed.settings());
      return UnsafeArrayData.fromPrimitiveArray(encoder.embed(text.toString()));
    } catch (IllegalArgumentException e) {
      if (embed.settings().onFailure() == OnFailure.NULL) {
        return null;
      }
      throw new IllegalArgumentException(embed + ": " + String.valueOf(e.getMessage()).replace("texts[0]", "the text"), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException("interrupted while " + embed + " was computed");
    }
  }
}
