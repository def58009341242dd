package dev.lanewise.kernels;

/** Stub. */
final class VectorKernels {}
