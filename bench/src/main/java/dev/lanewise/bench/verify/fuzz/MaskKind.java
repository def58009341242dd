package dev.lanewise.bench.verify.fuzz;

import dev.lanewise.bench.verify.oracle.Model;
import dev.lanewise.core.mask.Mask;
import java.util.EnumSet;

/** A kind of mask. It makes a {@link RuledMask} whose numbers come from the seed of a call. */
enum MaskKind {
  NONE,
  CAUSAL,
  CAUSAL_TOP_LEFT,
  CAUSAL_OFFSETS,
  WINDOW,
  WINDOW_FROM,
  WINDOW_UP_TO,
  WINDOW_AT_OFFSETS,
  WINDOW_FROM_AT_OFFSETS,
  KEY_LENGTHS,
  QUERY_LENGTHS,
  PREFIX,
  DOCUMENTS_SIDE_BY_SIDE,
  DOCUMENTS,
  TREE,
  MATRIX,
  MATRIX_OF_ALL_HEADS,
  MATRIX_WITH_FEW_HOLES,
  WINDOW_WITH_SINKS,
  WINDOW_WITH_SINKS_AT_OFFSETS,
  WINDOW_OR_DOCUMENTS,
  TREE_OR_KEY_LENGTHS_CAUSAL,
  PREDICATE;

  /** Whether the mask is a tree or has a tree as a part. */
  boolean hasTree() {
    return this == TREE || this == TREE_OR_KEY_LENGTHS_CAUSAL;
  }

  /** Whether the mask fits the steps of a layer: it fits any shape, or the last step only. */
  boolean fitsSteps() {
    return this == TREE || EnumSet.of(NONE, CAUSAL, CAUSAL_TOP_LEFT, WINDOW, WINDOW_FROM, WINDOW_UP_TO, WINDOW_WITH_SINKS).contains(this);
  }

  /** Whether the library knows the last key that each query sees. */
  boolean hasExactEnds() {
    return EnumSet.of(NONE, CAUSAL, CAUSAL_TOP_LEFT, CAUSAL_OFFSETS, KEY_LENGTHS).contains(this);
  }

  /** The mask for a shape; {@code salt} tells several masks of a call apart. */
  RuledMask mask(Model.Extent extent, Numbers numbers, int salt) {
    RuledMask.Maker make = new RuledMask.Maker(extent, numbers, salt);
    return switch (this) {
      case NONE -> new RuledMask(Mask.none(), (b, head, i, j, queries, keys) -> true);
      case CAUSAL -> RuledMask.Maker.causal(RuledMask.Place.BOTTOM_RIGHT);
      case CAUSAL_TOP_LEFT -> RuledMask.Maker.causal(RuledMask.Place.TOP_LEFT);
      case CAUSAL_OFFSETS -> RuledMask.Maker.causal(make.offsets());
      case WINDOW -> RuledMask.Maker.window(make.small(0), make.small(1), 0, make.place());
      case WINDOW_FROM -> RuledMask.Maker.windowFrom(make.small(0), make.place());
      case WINDOW_UP_TO -> RuledMask.Maker.windowUpTo(make.small(1), make.place());
      case WINDOW_AT_OFFSETS -> RuledMask.Maker.window(make.small(0), make.small(1), 0, make.offsets());
      case WINDOW_FROM_AT_OFFSETS -> RuledMask.Maker.windowFrom(make.small(0), make.offsets());
      case KEY_LENGTHS -> make.keyLengths();
      case QUERY_LENGTHS -> make.queryLengths();
      case PREFIX -> make.prefix();
      case DOCUMENTS_SIDE_BY_SIDE -> make.documents(true);
      case DOCUMENTS -> make.documents(false);
      case TREE -> make.tree();
      case MATRIX -> make.matrix(true, false);
      case MATRIX_OF_ALL_HEADS -> make.matrix(false, false);
      case MATRIX_WITH_FEW_HOLES -> make.matrix(false, true);
      case WINDOW_WITH_SINKS -> RuledMask.Maker.window(make.small(0), make.small(1), make.small(2), make.place());
      case WINDOW_WITH_SINKS_AT_OFFSETS -> RuledMask.Maker.window(make.small(0), make.small(1), make.small(2), make.offsets());
      case WINDOW_OR_DOCUMENTS -> RuledMask.Maker.window(make.small(0), make.small(1), 0, make.place()).or(make.documents(false));
      case TREE_OR_KEY_LENGTHS_CAUSAL -> make.tree().or(make.keyLengths()).and(RuledMask.Maker.causal(RuledMask.Place.BOTTOM_RIGHT));
      case PREDICATE -> make.predicate();
    };
  }
}
