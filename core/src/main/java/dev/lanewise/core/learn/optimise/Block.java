package dev.lanewise.core.learn.optimise;

import dev.lanewise.core.learn.Parameter;
import java.util.ArrayList;
import java.util.List;

/** A range of the elements of a parameter that is not frozen. The cuts depend on the sizes of parameters only. */
record Block(int parameter, int from, int to) {

  /** The blocks of all parameters, in order. */
  static List<Block> of(List<Parameter> parameters) {
    List<Block> blocks = new ArrayList<>();
    for (int i = 0; i < parameters.size(); i++) {
      Parameter parameter = parameters.get(i);
      // A long: in the last block of a parameter of nearly 2³¹ elements, the next int would be negative.
      for (long from = 0; from < parameter.size() && !parameter.isFrozen(); from += Optimiser.BLOCK) {
        blocks.add(new Block(i, (int) from, (int) Math.min(parameter.size(), from + Optimiser.BLOCK)));
      }
    }
    return blocks;
  }
}
