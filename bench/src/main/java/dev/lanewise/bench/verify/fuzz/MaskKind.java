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
  WINDOW_TO_THE_LEFT,
  WINDOW_TO_THE_RIGHT,
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
  WINDOW_OR_DOCUMENTS,
  TREE_OR_KEY_LENGTHS_CAUSAL,
  PREDICATE;

  /** Whether the mask is a tree or has a tree as a part. */
  boolean hasTree() {
    return this == TREE || this == TREE_OR_KEY_LENGTHS_CAUSAL;
  }

  /** Whether the mask fits the steps of a layer: it fits any shape, or the last step only. */
  boolean fitsSteps() {
    return this == TREE
        || EnumSet.of(NONE, CAUSAL, CAUSAL_TOP_LEFT, WINDOW, WINDOW_TO_THE_LEFT, WINDOW_TO_THE_RIGHT, WINDOW_WITH_SINKS).contains(this);
  }

  /** The mask for a shape; {@code salt} tells several masks of a call apart. */
  RuledMask mask(Model.Extent extent, Numbers numbers, int salt) {
    RuledMask.Maker make = new RuledMask.Maker(extent, numbers, salt);
    return switch (this) {
      case NONE -> new RuledMask(Mask.none(), (b, head, i, j, queries, keys) -> true);
      case CAUSAL -> RuledMask.Maker.causal();
      case CAUSAL_TOP_LEFT -> new RuledMask(Mask.causal(Mask.Alignment.TOP_LEFT), (b, head, i, j, queries, keys) -> j <= i);
      case CAUSAL_OFFSETS -> make.offsets();
      case WINDOW -> RuledMask.Maker.window(make.small(0), make.small(1));
      case WINDOW_TO_THE_LEFT -> RuledMask.Maker.window(make.small(0), Mask.UNLIMITED);
      case WINDOW_TO_THE_RIGHT -> RuledMask.Maker.window(Mask.UNLIMITED, make.small(1));
      case KEY_LENGTHS -> make.keyLengths();
      case QUERY_LENGTHS -> make.queryLengths();
      case PREFIX -> make.prefix();
      case DOCUMENTS_SIDE_BY_SIDE -> make.documents(true);
      case DOCUMENTS -> make.documents(false);
      case TREE -> make.tree();
      case MATRIX -> make.matrix(true, false);
      case MATRIX_OF_ALL_HEADS -> make.matrix(false, false);
      case MATRIX_WITH_FEW_HOLES -> make.matrix(false, true);
      case WINDOW_WITH_SINKS -> RuledMask.Maker.window(make.small(0), make.small(1), make.small(2));
      case WINDOW_OR_DOCUMENTS -> RuledMask.Maker.window(make.small(0), make.small(1)).or(make.documents(false));
      case TREE_OR_KEY_LENGTHS_CAUSAL -> make.tree().or(make.keyLengths()).and(RuledMask.Maker.causal());
      case PREDICATE -> make.predicate();
    };
  }
}
