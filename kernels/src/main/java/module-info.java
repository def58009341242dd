/** Vectorised attention arithmetic over float arrays, with a plain Java twin of every kernel. */
@SuppressWarnings("module") // core is compiled after this module
module dev.lanewise.kernels {
  requires static jdk.incubator.vector;
  requires static transitive org.jspecify;

  exports dev.lanewise.kernels;
  exports dev.lanewise.kernels.internal to
      dev.lanewise.core;
}
