package dev.lanewise.core.layer;

/** Where a layer normalises. */
public enum NormPlacement {
  /** Before each part: x + part(norm(x)). Rows are added up from layer to layer; a norm behind the last layer is usual. */
  PRE,
  /** Behind each sum: norm(x + part(x)), as in "Attention Is All You Need" and BERT. */
  POST
}
