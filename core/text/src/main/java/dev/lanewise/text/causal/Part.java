package dev.lanewise.text.causal;

/** A part of a model that has tensors of its own, with a name in every checkpoint. */
enum Part {
  /** A row for each token. */
  EMBEDDING(Kind.TABLE, false),
  /** A row for each position. */
  POSITIONS(Kind.TABLE, false),
  BEFORE_ATTENTION(Kind.NORM, true),
  QUERY(Kind.LINEAR, true),
  KEY(Kind.LINEAR, true),
  VALUE(Kind.LINEAR, true),
  /** Query, key and value in one matrix. */
  QUERY_KEY_VALUE(Kind.LINEAR, true),
  /** Norm of each query head. */
  QUERY_NORM(Kind.NORM, true),
  /** Norm of each key head. */
  KEY_NORM(Kind.NORM, true),
  ATTENTION_OUTPUT(Kind.LINEAR, true),
  /** Norm of the output of the attention, before it is added to the rows. */
  AFTER_ATTENTION(Kind.NORM, true),
  BEFORE_FEED_FORWARD(Kind.NORM, true),
  GATE(Kind.LINEAR, true),
  UP(Kind.LINEAR, true),
  DOWN(Kind.LINEAR, true),
  /** Norm of the output of the feed-forward network, before it is added to the rows. */
  AFTER_FEED_FORWARD(Kind.NORM, true),
  FINAL_NORM(Kind.NORM, false),
  /** From the last rows to logits. */
  HEAD(Kind.LINEAR, false);

  /** What the tensors of a part are. */
  enum Kind {
    /** A matrix alone. */
    TABLE,
    /** A vector, with or without a bias. */
    NORM,
    /** A matrix, with or without a bias. */
    LINEAR
  }

  private final Kind kind;
  private final boolean layered;

  Part(Kind kind, boolean layered) {
    this.kind = kind;
    this.layered = layered;
  }

  Kind kind() {
    return kind;
  }

  /** Whether every layer has this part. */
  boolean layered() {
    return layered;
  }
}
