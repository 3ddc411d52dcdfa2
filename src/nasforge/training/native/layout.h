// Where numbers lie in memory: activations are float[channel][row][column][sample].
//
// With the samples innermost every operation works on whole vectors at every pixel, whatever the
// image size, and one weight serves a whole vector.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "gemm.h"

namespace nasforge {

// Added to each channel: strides that are powers of two make all channels fight for the same few
// sets of the cache.
constexpr size_t kStridePadding = 80;

constexpr int kAlignment = 64;

inline int whole_vectors(int samples) { return (samples + kWidth - 1) / kWidth * kWidth; }

// Owns all memory of a network, in slabs of huge pages where the system has them: walking through
// many channels at once would otherwise need more pages than the processor keeps translations of.
class Arena {
 public:
  // Zeroed and aligned.
  float* floats(size_t count) {
    const size_t bytes = (count * sizeof(float) + kAlignment - 1) / kAlignment * kAlignment;
    if (bytes > left_) add_slab(bytes);
    char* block = next_;
    next_ += bytes;
    left_ -= bytes;
    std::memset(block, 0, bytes);
    return reinterpret_cast<float*>(block);
  }

 private:
  struct Free {
    void operator()(void* slab) const { std::free(slab); }
  };

  void add_slab(size_t bytes) {
    constexpr size_t kHugePage = size_t{2} << 20, kLeast = 4 * kHugePage;
    const size_t size = (std::max(bytes, kLeast) + kHugePage - 1) / kHugePage * kHugePage;
    void* slab = std::aligned_alloc(kHugePage, size);
    if (slab == nullptr) throw std::bad_alloc();
    slabs_.emplace_back(slab);
#ifdef MADV_HUGEPAGE
    madvise(slab, size, MADV_HUGEPAGE);  // a hint: it may fail
#endif
    next_ = static_cast<char*>(slab);
    left_ = size;
  }

  std::vector<std::unique_ptr<void, Free>> slabs_;
  char* next_ = nullptr;
  size_t left_ = 0;
};

// A view of square feature maps. The stride is that of the largest batch; a smaller batch uses the
// first part of each channel.
struct Map {
  float* data = nullptr;
  int channels = 0;
  int size = 0;  // height and width
  size_t stride = 0;

  float* channel(int c) const { return data + c * stride; }
  Map slice(int first, int count) const { return {channel(first), count, size, stride}; }
  Rows rows(size_t column = 0) const { return {data + column, stride}; }
};

// The samples of one batch, padded to whole vectors. The dead lanes of a batch that fills no whole
// vector hold zeros everywhere, so that sums over all lanes are sums over the live ones.
struct Lanes {
  int live = 0;
  int padded = 0;
  const float* last_vector = nullptr;  // 1 for a live lane of the last vector, 0 for a dead one

  int vectors() const { return padded / kWidth; }
  size_t plane(int size) const { return static_cast<size_t>(size) * size * padded; }
  size_t live_plane(int size) const { return static_cast<size_t>(size) * size * live; }

  // Set the dead lanes of some pixels to zero again after an offset was added to them.
  void clear_dead(float* plane, int pixels) const {
    if (live == padded) return;
    const Vec alive = load(last_vector);
    float* last = plane + padded - kWidth;
    for (int i = 0; i < pixels; ++i, last += padded) store(last, load(last) * alive);
  }
};

// Buffers that hold nothing between two layers.
struct Workspace {
  float* first;    // as large as the largest map
  float* second;   // likewise
  float* dropped;  // likewise; only for drop path
  float* padded;   // one channel with a border
  float* panel;    // the weights of one pointwise convolution
  float* sums;     // one vector per weight of it
  Rows chunk;      // some columns of the largest number of channels
  int capacity;    // samples, in whole vectors

  size_t stride(int size) const {
    return static_cast<size_t>(size) * size * capacity + kStridePadding;
  }
  Map map(float* buffer, int channels, int size) const {
    return {buffer, channels, size, stride(size)};
  }
};

// Visit a map in pieces of whole pixels (first column, number of columns), small enough for several
// operations to find them in the cache one after the other.
constexpr size_t kChunk = 64 * kWidth;

inline size_t chunk_columns(size_t padded) { return std::max<size_t>(kChunk / padded, 1) * padded; }

template <class Visit>
void for_each_chunk(const Lanes& lanes, int size, Visit visit) {
  const size_t plane = lanes.plane(size), chunk = chunk_columns(lanes.padded);
  for (size_t first = 0; first < plane; first += chunk) {
    visit(first, std::min(chunk, plane - first));
  }
}

// What a layer must know about the batch at hand.
struct Step {
  Lanes lanes;
  bool training = false;
  const float* keep = nullptr;  // drop path: [cells][8][padded], 0 or 1 / probability; or null
  const float* ones = nullptr;  // [padded]
  Workspace* workspace = nullptr;
};

inline void clear(const Map& map) {
  std::memset(map.data, 0, map.channels * map.stride * sizeof(float));
}

}  // namespace nasforge
