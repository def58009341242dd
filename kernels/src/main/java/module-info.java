/**
 * Vectorised attention arithmetic over float arrays, with a plain Java twin of every kernel. It reads {@code jdk.incubator.vector} where
 * that module is loaded, which it looks up itself: a {@code requires static} here would give every module that requires this one a warning
 * of javac.
 */
@SuppressWarnings("module") // core is compiled after this module
module dev.lanewise.kernels {
  requires static org.jspecify;

  exports dev.lanewise.kernels;
  exports dev.lanewise.kernels.data;
  exports dev.lanewise.kernels.cache to
      dev.lanewise.core;
  exports dev.lanewise.kernels.call to
      dev.lanewise.core,
      dev.lanewise.text;
  exports dev.lanewise.kernels.probe to
      dev.lanewise.bench;
  exports dev.lanewise.kernels.runtime to
      dev.lanewise.core,
      dev.lanewise.text;
}
