/**
 * What a call needs to run, whatever it computes: checks of numbers and of broadcast shapes, numbers of 16 bits, pools of working arrays,
 * admission of calls, and interruption.
 *
 * <p>Every package of Lanewise may use this one. {@link dev.lanewise.kernels.runtime.Checks} writes the messages that users read.
 *
 * <p>This is the lowest package. It knows no array view, no kernel and no attention, and it imports nothing of Lanewise.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.kernels.runtime;
