// A cell: two inputs, four nodes that each add two edges, concatenated.
#pragma once

#include "pooling.h"
#include "reduce.h"
#include "separable.h"

namespace nasforge {

constexpr int kNodes = 4;
constexpr int kEdges = 2 * kNodes;
constexpr int kInputs = 2;

// In the order of nasforge.space.darts.OPERATIONS.
enum Operation { kMaxPool, kAveragePool, kSkip, kSeparable3, kSeparable5, kDilated3, kDilated5 };

struct EdgeChoice {
  int operation;
  int source;  // 0 and 1 are the inputs, 2 to 4 nodes
};

inline std::unique_ptr<Layer> make_edge(Builder& builder, int operation, int channels, int stride,
                                        int size) {
  switch (operation) {
    case kMaxPool:
      return std::make_unique<MaxPool>(builder, channels, stride, size);
    case kAveragePool:
      return std::make_unique<AveragePool>(builder, channels, stride, size);
    case kSkip:
      if (stride == 1) return std::make_unique<Identity>();
      return std::make_unique<FactorizedReduce>(builder, channels, channels, size);
    case kSeparable3:
    case kSeparable5:
      return std::make_unique<SeparableConvolution>(
          builder, channels, operation == kSeparable3 ? 3 : 5, stride, size);
    case kDilated3:
    case kDilated5:
      return std::make_unique<DilatedConvolution>(
          builder, channels, operation == kDilated3 ? 3 : 5, stride, size);
  }
  throw std::invalid_argument("unknown operation");
}

// A map and the gradient of the loss by it.
struct Activation {
  Map value, gradient;

  Activation slice(int first, int count) const {
    return {value.slice(first, count), gradient.slice(first, count)};
  }
};

inline Activation make_activation(Builder& builder, int channels, int size) {
  return {builder.map(channels, size), builder.map(channels, size)};
}

class Cell {
 public:
  // `before_last` and `last` are the outputs of the two cells before.
  Cell(Builder& builder, const EdgeChoice* choices, const Activation& before_last,
       const Activation& last, int channels, bool reduction)
      : inputs_{before_last, last} {
    const int size = last.value.size, stride = reduction ? 2 : 1;
    for (int i = 0; i < kInputs; ++i) {
      preprocesses_[i] = make_preprocess(builder, inputs_[i].value, channels, size);
      states_[i] = make_activation(builder, channels, size);
    }
    output_ = make_activation(builder, kNodes * channels, size / stride);
    for (int node = 0; node < kNodes; ++node) {
      states_[kInputs + node] = output_.slice(node * channels, channels);
    }
    for (int e = 0; e < kEdges; ++e) {
      const bool from_input = choices[e].source < kInputs;
      sources_[e] = choices[e].source;
      edges_[e] = make_edge(builder, choices[e].operation, channels, from_input ? stride : 1,
                            from_input ? size : size / stride);
    }
  }

  const Activation& output() const { return output_; }

  void forward(const Step& step, int position) {
    for (int i = 0; i < kInputs; ++i) {
      write_term(preprocesses_[i]->forward(inputs_[i].value, step), states_[i].value, step);
    }
    for (int node = 0; node < kNodes; ++node) {
      const int a = 2 * node, b = a + 1;
      const Term term_a = edges_[a]->forward(states_[sources_[a]].value, step);
      const Term term_b = edges_[b]->forward(states_[sources_[b]].value, step);
      const Map& sum = states_[kInputs + node].value;
      const float *keep_a = keep_of(step, position, a), *keep_b = keep_of(step, position, b);
      if (keep_a == nullptr && keep_b == nullptr) {
        write_sum(term_a, term_b, sum, step);
      } else {
        write_scaled_sum(term_a, keep_a ? keep_a : step.ones, term_b, keep_b ? keep_b : step.ones,
                         sum, step);
      }
    }
  }

  // From the gradient of the output, complete when this is called, to those of the inputs.
  void backward(const Step& step, int position) {
    for (const Activation& state : {states_[0], states_[1]}) clear(state.gradient);
    for (int e = kEdges - 1; e >= 0; --e) {
      const Activation& source = states_[sources_[e]];
      Map g = states_[kInputs + e / 2].gradient;
      if (const float* keep = keep_of(step, position, e)) g = scale_samples(g, keep, step);
      edges_[e]->backward(source.value, source.gradient, g, step);
    }
    for (int i = kInputs - 1; i >= 0; --i) {
      preprocesses_[i]->backward(inputs_[i].value, inputs_[i].gradient, states_[i].gradient, step);
    }
  }

 private:
  // Input 0 is still twice as large as input 1 when the cell before was a reduction.
  static std::unique_ptr<Layer> make_preprocess(Builder& builder, const Map& input, int channels,
                                                int size) {
    if (input.size == size) {
      return std::make_unique<ReluConvolution>(builder, input.channels, channels, size);
    }
    return std::make_unique<FactorizedReduce>(builder, input.channels, channels, input.size);
  }

  // The drop-path factors of an edge, null if it has none.
  const float* keep_of(const Step& step, int position, int edge) const {
    if (step.keep == nullptr || edges_[edge]->is_identity()) return nullptr;
    return step.keep + static_cast<size_t>(position * kEdges + edge) * step.lanes.padded;
  }

  Activation inputs_[kInputs];
  std::unique_ptr<Layer> preprocesses_[kInputs];
  Activation states_[kInputs + kNodes];  // of the nodes
  Activation output_;
  std::unique_ptr<Layer> edges_[kEdges];
  int sources_[kEdges];
};

}  // namespace nasforge
