/**
 * Threads: tasks of a call are run by the caller's thread and its helpers.
 *
 * <p>Attention and layers come in by {@link dev.lanewise.core.parallel.Workers}, and take buffers as {@link
 * dev.lanewise.core.parallel.Scratch}. Users choose where helpers come from by {@code Helpers}.
 *
 * <p>The caller's thread always takes part, so a call never waits for a helper to start. No class here knows what a task computes, and no
 * result may depend on which thread ran a task.
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.core.parallel;
