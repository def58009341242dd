package dev.lanewise.core.testing;

import dev.lanewise.kernels.data.RowFunction;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/** An error that is thrown in the middle of a call. */
public enum Fault {
  EXCEPTION {
    @Override
    void happen() {
      throw new IllegalStateException("planned");
    }
  },
  CHECKED {
    @Override
    void happen() {
      Fault.<RuntimeException>sneaky(new IOException("planned"));
    }
  },
  OUT_OF_MEMORY {
    @Override
    void happen() {
      throw new OutOfMemoryError("planned");
    }
  },
  STACK_OVERFLOW {
    @Override
    void happen() {
      endless(0);
    }
  },
  INTERRUPT {
    @Override
    void happen() {
      Thread.currentThread().interrupt();
    }
  };

  abstract void happen();

  /** A score function that sets {@code failed} and throws this error once, after a number of segments. */
  public RowFunction after(int segments, AtomicBoolean failed) {
    AtomicInteger calls = new AtomicInteger();
    return (row, offset, length, b, head, query, firstKey) -> {
      if (calls.getAndIncrement() >= segments && failed.compareAndSet(false, true)) {
        happen();
      }
    };
  }

  @SuppressWarnings("InfiniteRecursion") // until the stack is full
  private static int endless(int depth) {
    return endless(depth + 1) + 1;
  }

  @SuppressWarnings("unchecked") // the cast is erased
  private static <T extends Throwable> void sneaky(Throwable thrown) throws T {
    throw (T) thrown;
  }
}
