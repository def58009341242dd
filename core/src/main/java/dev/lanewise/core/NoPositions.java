package dev.lanewise.core;

/** No positions: the result of a row does not depend on where the others stand. Act on nothing. */
public enum NoPositions implements LayerPositions {
  /** The only one. */
  NONE
}
