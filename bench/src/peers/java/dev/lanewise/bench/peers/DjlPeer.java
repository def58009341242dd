package dev.lanewise.bench.peers;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.core.Linear;
import ai.djl.nn.transformer.ScaledDotProductAttentionBlock;
import ai.djl.training.ParameterStore;
import java.util.List;

/** DJL's attention block, which composes matmul and softmax of its PyTorch engine. */
final class DjlPeer implements Peer {
  private final NDManager manager;

  DjlPeer(int threads) {
    System.setProperty("ai.djl.pytorch.num_threads", String.valueOf(threads));
    System.setProperty("ai.djl.pytorch.num_interop_threads", "1");
    manager = NDManager.newBaseManager();
  }

  @Override
  public String name() {
    return "DJL " + Engine.getDjlVersion() + " on PyTorch " + Engine.getInstance().getVersion();
  }

  @Override
  public PeerTask layer(LayerTask task) {
    int embedDim = task.embedDim;
    Shape shape = new Shape(task.shape.batch, task.shape.queries, embedDim);
    ScaledDotProductAttentionBlock block =
        ScaledDotProductAttentionBlock.builder()
            .setEmbeddingSize(embedDim)
            .setHeadCount(task.shape.heads)
            .optAttentionProbsDropoutProb(0)
            .build();
    List<Linear> projections =
        List.of(block.getQueryProjection(), block.getKeyProjection(), block.getValueProjection(), block.getResultProjection());
    block.initialize(manager, DataType.FLOAT32, shape, shape, shape);
    for (int i = 0; i < projections.size(); i++) {
      NDArray weight = manager.create(task.weights.get(i), new Shape(embedDim, embedDim));
      projections.get(i).getParameters().get("weight").getArray().set(weight.toFloatArray());
      projections.get(i).getParameters().get("bias").getArray().set(new float[embedDim]);
    }
    NDArray x = manager.create(task.input, shape);
    ParameterStore parameters = new ParameterStore(manager, false);
    return PeerTask.of(
        () -> {
          try (NDManager scope = manager.newSubManager()) {
            forward(block, parameters, x, scope);
          }
        },
        () -> {
          try (NDManager scope = manager.newSubManager()) {
            return forward(block, parameters, x, scope).toFloatArray();
          }
        });
  }

  private static NDArray forward(ScaledDotProductAttentionBlock block, ParameterStore parameters, NDArray x, NDManager scope) {
    NDArray input = x.duplicate();
    input.attach(scope);
    return block.forward(parameters, new NDList(input, input, input), false).singletonOrThrow();
  }

  @Override
  public void close() {
    manager.close();
  }
}
