/**
 * The description of one call, and the interface that a path of kernels implements.
 *
 * <p>The module dev.lanewise.core makes an {@link dev.lanewise.kernels.call.AttentionProblem} of a {@link
 * dev.lanewise.kernels.call.CallShape}, a {@link dev.lanewise.kernels.call.ScoreFormula}, a {@link dev.lanewise.kernels.call.Visibility}
 * and {@link dev.lanewise.kernels.call.CallResults}. A shape is checked when it is made, everything else with the problem. {@link
 * dev.lanewise.kernels.call.KernelProvider} is what {@code kernels.plain} and {@code kernels.simd} implement, and {@link
 * dev.lanewise.kernels.selection.KernelSelection} decides which of them runs. A path answers with {@link
 * dev.lanewise.kernels.call.AttentionTasks}: how many tasks a call has, and a way to run each.
 *
 * <p>No class here names a path, and none names a class of the Vector API. Nothing here is exported to users.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.call;
