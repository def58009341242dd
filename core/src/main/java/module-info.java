/** Attention, masks and layers on top of the kernels. */
module dev.lanewise.core {
  requires transitive dev.lanewise.kernels;
  requires com.google.gson;
  requires static org.jspecify;

  exports dev.lanewise.core;
}
