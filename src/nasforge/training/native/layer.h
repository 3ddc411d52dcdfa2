// What a cell is made of: layers with one input map, whose outputs are summed into nodes.
#pragma once

#include "batch_norm.h"
#include "layout.h"

namespace nasforge {

// A layer's output, slope * y + offset per channel, not written out until it is added to a node.
struct Term {
  Map y;
  const float* slope = nullptr;  // null: y itself
  const float* offset = nullptr;

  Vec slope_of(int c) const { return broadcast(slope ? slope[c] : 1.0f); }
  Vec offset_of(int c) const { return broadcast(offset ? offset[c] : 0.0f); }
};

class Layer {
 public:
  virtual ~Layer() = default;
  virtual Term forward(const Map& x, const Step& step) = 0;
  // Add to dx, and to the gradients of the parameters. x is what `forward` was given, g the
  // gradient of the output.
  virtual void backward(const Map& x, const Map& dx, const Map& g, const Step& step) = 0;
  virtual bool is_identity() const { return false; }
};

inline void write_term(const Term& a, const Map& out, const Step& step) {
  const size_t plane = step.lanes.plane(out.size);
  for (int c = 0; c < out.channels; ++c) {
    const Vec slope = a.slope_of(c), offset = a.offset_of(c);
    const float* y = a.y.channel(c);
    float* to = out.channel(c);
    for (size_t i = 0; i < plane; i += kWidth) store(to + i, slope * load(y + i) + offset);
    step.lanes.clear_dead(to, out.size * out.size);
  }
}

inline void write_sum(const Term& a, const Term& b, const Map& out, const Step& step) {
  const size_t plane = step.lanes.plane(out.size);
  for (int c = 0; c < out.channels; ++c) {
    const Vec slope_a = a.slope_of(c), slope_b = b.slope_of(c);
    const Vec offset = a.offset_of(c) + b.offset_of(c);
    const float *y_a = a.y.channel(c), *y_b = b.y.channel(c);
    float* to = out.channel(c);
    for (size_t i = 0; i < plane; i += kWidth) {
      store(to + i, slope_a * load(y_a + i) + (slope_b * load(y_b + i) + offset));
    }
    step.lanes.clear_dead(to, out.size * out.size);
  }
}

// With drop path: each term is scaled sample by sample.
inline void write_scaled_sum(const Term& a, const float* scale_a, const Term& b,
                             const float* scale_b, const Map& out, const Step& step) {
  const size_t lanes = step.lanes.padded, plane = step.lanes.plane(out.size);
  for (int c = 0; c < out.channels; ++c) {
    const Vec slope_a = a.slope_of(c), slope_b = b.slope_of(c);
    const Vec offset_a = a.offset_of(c), offset_b = b.offset_of(c);
    const float *y_a = a.y.channel(c), *y_b = b.y.channel(c);
    float* to = out.channel(c);
    for (size_t pixel = 0; pixel < plane; pixel += lanes) {
      for (size_t n = 0; n < lanes; n += kWidth) {
        const size_t i = pixel + n;
        store(to + i, (slope_a * load(y_a + i) + offset_a) * load(scale_a + n) +
                          (slope_b * load(y_b + i) + offset_b) * load(scale_b + n));
      }
    }
    step.lanes.clear_dead(to, out.size * out.size);
  }
}

// The gradient behind drop path, in the workspace.
inline Map scale_samples(const Map& g, const float* scale, const Step& step) {
  const Map out = step.workspace->map(step.workspace->dropped, g.channels, g.size);
  const size_t lanes = step.lanes.padded, plane = step.lanes.plane(g.size);
  for (int c = 0; c < g.channels; ++c) {
    const float* from = g.channel(c);
    float* to = out.channel(c);
    for (size_t pixel = 0; pixel < plane; pixel += lanes) {
      for (size_t n = 0; n < lanes; n += kWidth) {
        store(to + pixel + n, load(from + pixel + n) * load(scale + n));
      }
    }
  }
  return out;
}

inline void add(const Map& from, const Map& to, const Step& step) {
  const size_t plane = step.lanes.plane(to.size);
  for (int c = 0; c < to.channels; ++c) {
    const float* source = from.channel(c);
    float* target = to.channel(c);
    for (size_t i = 0; i < plane; i += kWidth) {
      store(target + i, load(target + i) + load(source + i));
    }
  }
}

class Identity : public Layer {
 public:
  Term forward(const Map& x, const Step&) override { return {x}; }
  void backward(const Map&, const Map& dx, const Map& g, const Step& step) override {
    add(g, dx, step);
  }
  bool is_identity() const override { return true; }
};

}  // namespace nasforge
