/** Vectorised attention arithmetic over float arrays, with a plain Java twin of every kernel. */
module dev.lanewise.kernels {
  requires static jdk.incubator.vector;
  requires static transitive org.jspecify;

  exports dev.lanewise.kernels;
}
