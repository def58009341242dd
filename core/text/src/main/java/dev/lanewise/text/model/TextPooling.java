package dev.lanewise.text.model;

/**
 * How the rows of a text's tokens become one row. The tokens of a template, such as {@code [CLS]} and {@code [SEP]}, have rows like others.
 *
 * <pre>{@code
 * TextPooling pooling = model.pooling().orElse(TextPooling.MEAN);
 * }</pre>
 */
public enum TextPooling {
  /** The row of the first token, {@code [CLS]} in models of the BERT family. */
  FIRST_TOKEN,
  /** The mean of all rows. */
  MEAN,
  /** The row of the last token. */
  LAST_TOKEN
}
