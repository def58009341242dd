/**
 * Attention, masks and layers over float arrays.
 *
 * <p><b>Views.</b> {@link dev.lanewise.kernels.data.Heads} sees an array as batch × heads × rows × width, {@link
 * dev.lanewise.core.SequenceBatch} as batch × rows × width. Both are strides over the caller's array: splitting a projected row into its
 * heads or exchanging rows and columns copies nothing, and query, key, value and output may be interleaved in one array as long as output
 * shares no element with the others.
 *
 * <p><b>Data flow of a call</b>, from the top down:
 *
 * <pre>
 * MultiHeadAttention   checks, projects query, key and value into pooled buffers, attends, projects with W_O
 *   Linear             x·Wᵀ + bias: a task is a block of rows times a part of the outputs
 *   Attention          checks, turns the mask into a range of keys a query (with bits, if there are holes), and has the kernels cut
 *                      the call into tasks: rows of one key/value head, with the query heads that share it
 *     Workers          hands tasks to the caller's thread and its helpers
 *       Kernels        scores, running softmax and weights · V of a task, in the module dev.lanewise.kernels
 *     Results          what is handed out: observers of the rows that pass, for weights, scores, sums and top keys
 * </pre>
 *
 * <p><b>Around it.</b> {@link dev.lanewise.core.layer.Embedding} and {@link dev.lanewise.core.position.Positions} make the input (positions
 * may also act on queries and keys, or on scores: {@link dev.lanewise.core.position.LayerPositions}); {@link
 * dev.lanewise.core.pooling.Pooling} makes one row of each sequence; {@link dev.lanewise.core.pooling.RecurrentAttention} serves recurrent
 * decoders; {@link dev.lanewise.core.pooling.NeighbourMean} and {@link dev.lanewise.core.pooling.NeighbourDense} are plain baselines;
 * {@link dev.lanewise.core.AttentionEntropy} and {@link dev.lanewise.core.AttentionRollout} read weights.
 *
 * <p><b>What holds everywhere.</b>
 *
 * <ul>
 *   <li>Arguments are checked at the door. A wrong one is an {@link java.lang.IllegalArgumentException} that names it and carries both
 *       numbers, and nothing has been written.
 *   <li>A masked key contributes nothing, even where it holds NaN or infinity: it is skipped, not multiplied by 0. A query that sees no key
 *       gets output 0 and weights 0.
 *   <li>A row's result has the same bits whatever the number of threads, the batch around it and the tile it falls in. It differs by
 *       rounding between a step over a cache (1 to 16 queries of a sequence) and a pass (17 and more, or keys that are not cached), which
 *       SIMD does with two kernels; and between a call that asks for weights, or changes them, and one that does not.
 *   <li>A call allocates a few small views, and the bits of a boolean matrix; other arrays that grow with the work are pooled. Only the
 *       caller's own array is ever queries × keys.
 *   <li>{@link dev.lanewise.core.Attention}, {@link dev.lanewise.core.layer.Linear}, {@link dev.lanewise.core.layer.MultiHeadAttention} and
 *       {@link dev.lanewise.core.position.Rotary} are immutable and may be shared between threads. Helper threads are daemons that end when
 *       idle; with one thread none is started. {@link dev.lanewise.core.Helpers} names an executor to take them from.
 *   <li>A call whose thread is interrupted before or during it throws {@link java.util.concurrent.CancellationException} within
 *       milliseconds, and the interrupt stays set. Its output is undefined then, but nothing is written to it afterwards; caches are as
 *       they were before. If all work was done already, it returns normally. What a caller's function or executor throws reaches the caller
 *       as it is, with output undefined likewise.
 *   <li>At most twice as many calls as there are processors, and at least eight, hold buffers at a time; others wait for their turn.
 * </ul>
 */
@org.jspecify.annotations.NullMarked
package dev.lanewise.core;
