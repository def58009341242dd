package dev.lanewise.bench;

import java.util.concurrent.Callable;

/** A picocli command that is there only if its classes are: found as a service, for builds with a profile that adds some. */
public interface ExtraCommand extends Callable<Integer> {}
