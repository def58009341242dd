/** Attention, masks and layers on top of the kernels. */
@SuppressWarnings("module") // text and bench are compiled after this module
module dev.lanewise.core {
  requires transitive dev.lanewise.kernels;
  requires com.google.gson;
  requires static org.jspecify;

  exports dev.lanewise.core;
  exports dev.lanewise.core.cache;
  exports dev.lanewise.core.generation;
  exports dev.lanewise.core.layer;
  exports dev.lanewise.core.learn;
  exports dev.lanewise.core.learn.loss;
  exports dev.lanewise.core.learn.optimise;
  exports dev.lanewise.core.mask;
  exports dev.lanewise.core.pooling;
  exports dev.lanewise.core.position;
  exports dev.lanewise.core.reference;
  exports dev.lanewise.core.weights;
  exports dev.lanewise.core.foreign to
      dev.lanewise.text;
  exports dev.lanewise.core.reference.layers to
      dev.lanewise.bench;
  exports dev.lanewise.core.parallel to
      dev.lanewise.text;
}
