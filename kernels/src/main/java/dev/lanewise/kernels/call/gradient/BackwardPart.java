package dev.lanewise.kernels.call.gradient;

/**
 * A part of a unit of a backward pass. A whole unit computes every gradient; otherwise a part of the queries computes the gradients of its
 * queries and of parameters, and a part of the keys computes the gradients of its keys and values.
 *
 * @param number the number of the part of the queries among those of its unit
 * @param ofQueries whether the gradients of queries and of parameters are computed
 * @param ofKeys whether the gradients of keys and values are computed
 * @param fromQuery the first query
 * @param toQuery one past the last query; a batch entry may have fewer
 * @param fromKey the first key whose gradients are computed
 * @param toKey one past the last; a batch entry may have fewer
 */
public record BackwardPart(int number, boolean ofQueries, boolean ofKeys, int fromQuery, int toQuery, int fromKey, int toKey) {}
