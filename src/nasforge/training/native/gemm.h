// Matrix products of a small weight matrix with feature maps: 1x1 convolutions.
//
// The maps are matrices [channels][columns]. A tile of rows x columns sums stays in registers while
// it runs over the inner dimension.
#pragma once

#include <algorithm>

#include "vec.h"

namespace nasforge {

enum class Epilogue {
  kWrite,        // y = w x
  kAddIfActive,  // y += w x where the gate is positive, the gradient of a ReLU
};

// A matrix whose rows lie `stride` apart.
struct Rows {
  float* data;
  size_t stride;

  float* row(int i) const { return data + i * stride; }
  Rows from(int row, size_t column) const { return {data + row * stride + column, stride}; }
};

// Rows and columns (in vectors) of a tile of sums: as many as the registers hold, and the shape
// that divides the rows of the matrix.
constexpr int kMostTileRows = kManyRegisters ? 8 : 6;

inline int tile_rows(int rows) {
  if (kManyRegisters && rows % 8 == 0) return 8;
  return rows % 6 == 0 ? 6 : 4;
}

constexpr int tile_columns(int tile_rows) {
  if (!kManyRegisters) return 2;
  return tile_rows > 6 ? 3 : 4;
}

// Ask for the columns after these: there are more rows than the processor recognises as streams.
template <int kColumns>
NASFORGE_INLINE void prefetch_next(const float* p) {
  for (int j = 0; j < kColumns; ++j) __builtin_prefetch(p + (kColumns + j) * kWidth);
}

// `kFirst`: no tile has read these columns of x yet.
template <int kRows, int kColumns, bool kRelu, bool kFirst>
NASFORGE_INLINE void product_sums(int inner, const float* panel, Rows x,
                                  Vec (&sum)[kRows][kColumns]) {
  for (int k = 0; k < inner; ++k) {
    const float* from = x.row(k);
    if (kFirst) prefetch_next<kColumns>(from);
    Vec column[kColumns];
    for (int j = 0; j < kColumns; ++j) {
      column[j] = load(from + j * kWidth);
      if (kRelu) column[j] = relu(column[j]);
    }
    for (int m = 0; m < kRows; ++m) {
      const Vec weight = broadcast(panel[k * kRows + m]);
      for (int j = 0; j < kColumns; ++j) sum[m][j] += weight * column[j];
    }
  }
}

template <int kRows, int kColumns, bool kRelu, bool kFirst>
void write_product(int inner, const float* panel, Rows x, Rows y) {
  Vec sum[kRows][kColumns] = {};
  product_sums<kRows, kColumns, kRelu, kFirst>(inner, panel, x, sum);
  for (int m = 0; m < kRows; ++m) {
    for (int j = 0; j < kColumns; ++j) store(y.row(m) + j * kWidth, sum[m][j]);
  }
}

template <int kRows, int kColumns, bool kRelu, bool kFirst>
void add_product(int inner, const float* panel, Rows x, Rows y, Rows gate) {
  for (int m = 0; m < kRows; ++m) {
    prefetch_next<kColumns>(y.row(m));
    prefetch_next<kColumns>(gate.row(m));
  }
  Vec sum[kRows][kColumns] = {};
  product_sums<kRows, kColumns, kRelu, kFirst>(inner, panel, x, sum);
  for (int m = 0; m < kRows; ++m) {
    for (int j = 0; j < kColumns; ++j) {
      float* to = y.row(m) + j * kWidth;
      store(to, load(to) + where_positive(load(gate.row(m) + j * kWidth), sum[m][j]));
    }
  }
}

// Dispatch on the number of rows, which is smaller in the last tile.
template <int kRows, int kColumns, bool kRelu, bool kFirst, Epilogue kEpilogue>
void product_tile(int rows, int inner, const float* panel, Rows x, Rows y, Rows gate) {
  if constexpr (kRows > 1) {
    if (rows < kRows) {
      return product_tile<kRows - 1, kColumns, kRelu, kFirst, kEpilogue>(rows, inner, panel, x, y,
                                                                         gate);
    }
  }
  if constexpr (kEpilogue == Epilogue::kWrite) {
    write_product<kRows, kColumns, kRelu, kFirst>(inner, panel, x, y);
  } else {
    add_product<kRows, kColumns, kRelu, kFirst>(inner, panel, x, y, gate);
  }
}

// Reorder weights to the order in which tiles read them: [tile][inner][row of the tile].
inline void pack(int rows, int inner, const float* weight, int row_step, int inner_step,
                 float* panel) {
  const int tile = tile_rows(rows);
  for (int first = 0; first < rows; first += tile) {
    const int count = std::min(tile, rows - first);
    for (int k = 0; k < inner; ++k) {
      for (int m = first; m < first + count; ++m) *panel++ = weight[m * row_step + k * inner_step];
    }
  }
}

// All rows of kColumns vectors, in tiles of at most kRows rows.
template <int kRows, int kColumns, bool kRelu, Epilogue kEpilogue>
void product_columns(int rows, int inner, const float* panel, Rows x, Rows y, Rows gate) {
  for (int first = 0; first < rows; first += kRows) {
    const int count = std::min(kRows, rows - first);
    const Rows to = y.from(first, 0), active = gate.from(first, 0);
    if (first == 0) {
      product_tile<kRows, kColumns, kRelu, true, kEpilogue>(count, inner, panel, x, to, active);
    } else {
      product_tile<kRows, kColumns, kRelu, false, kEpilogue>(count, inner, panel, x, to, active);
    }
    panel += static_cast<size_t>(count) * inner;
  }
}

template <int kRows, bool kRelu, Epilogue kEpilogue>
void product_of(int rows, int inner, size_t columns, const float* panel, Rows x, Rows y,
                Rows gate) {
  constexpr int kColumns = tile_columns(kRows);
  size_t p = 0;
  for (; p + kColumns * kWidth <= columns; p += kColumns * kWidth) {
    product_columns<kRows, kColumns, kRelu, kEpilogue>(rows, inner, panel, x.from(0, p),
                                                       y.from(0, p), gate.from(0, p));
  }
  for (; p < columns; p += kWidth) {
    product_columns<kRows, 1, kRelu, kEpilogue>(rows, inner, panel, x.from(0, p), y.from(0, p),
                                                gate.from(0, p));
  }
}

// y[rows][columns] = (or +=, see Epilogue) weight[rows][inner] * x[inner][columns], the weights
// packed, the columns whole vectors.
template <bool kRelu, Epilogue kEpilogue>
void product(int rows, int inner, size_t columns, const float* panel, Rows x, Rows y,
             Rows gate = {nullptr, 0}) {
  switch (tile_rows(rows)) {
    case 8:
      return product_of<kMostTileRows, kRelu, kEpilogue>(rows, inner, columns, panel, x, y, gate);
    case 6:
      return product_of<6, kRelu, kEpilogue>(rows, inner, columns, panel, x, y, gate);
    default:
      return product_of<4, kRelu, kEpilogue>(rows, inner, columns, panel, x, y, gate);
  }
}

// sums[m][k] += dy[m] * x[k], lane by lane, for a tile of kRows x kInner weights.
template <int kRows, int kInner, bool kRelu>
void weight_gradient_tile(size_t columns, Rows dy, Rows x, float* sums, size_t row_step) {
  Vec sum[kRows][kInner] = {};
  for (size_t p = 0; p < columns; p += kWidth) {
    Vec input[kInner];
    for (int k = 0; k < kInner; ++k) {
      input[k] = load(x.row(k) + p);
      if (kRelu) input[k] = relu(input[k]);
    }
    for (int m = 0; m < kRows; ++m) {
      const Vec output = load(dy.row(m) + p);
      for (int k = 0; k < kInner; ++k) sum[m][k] += output * input[k];
    }
  }
  for (int m = 0; m < kRows; ++m) {
    for (int k = 0; k < kInner; ++k) {
      float* to = sums + m * row_step + k * kWidth;
      store(to, load(to) + sum[m][k]);
    }
  }
}

// The dispatch of the last, smaller tiles.
template <int kRows, int kInner, bool kRelu>
void weight_gradient_part(int rows, int inner, size_t columns, Rows dy, Rows x, float* sums,
                          size_t row_step) {
  if constexpr (kRows > 1) {
    if (rows < kRows) {
      return weight_gradient_part<kRows - 1, kInner, kRelu>(rows, inner, columns, dy, x, sums,
                                                            row_step);
    }
  }
  if constexpr (kInner > 1) {
    if (inner < kInner) {
      return weight_gradient_part<kRows, kInner - 1, kRelu>(rows, inner, columns, dy, x, sums,
                                                            row_step);
    }
  }
  weight_gradient_tile<kRows, kInner, kRelu>(columns, dy, x, sums, row_step);
}

template <int kRows, int kInner, bool kRelu>
void weight_gradient_of(int rows, int inner, size_t columns, Rows dy, Rows x, float* sums) {
  const size_t row_step = static_cast<size_t>(inner) * kWidth;
  for (int k = 0; k < inner; k += kInner) {
    for (int m = 0; m < rows; m += kRows) {
      weight_gradient_part<kRows, kInner, kRelu>(
          std::min(kRows, rows - m), std::min(kInner, inner - k), columns, dy.from(m, 0),
          x.from(k, 0), sums + m * row_step + k * kWidth, row_step);
    }
  }
}

// sums[rows][inner][lane] += dy[rows][columns] * x[inner][columns]^T; the lanes are added up when
// all columns are through.
template <bool kRelu>
void weight_gradient(int rows, int inner, size_t columns, Rows dy, Rows x, float* sums) {
  if (kManyRegisters && rows % 8 == 0) {
    weight_gradient_of<8, 3, kRelu>(rows, inner, columns, dy, x, sums);
  } else if (kManyRegisters) {
    weight_gradient_of<4, 6, kRelu>(rows, inner, columns, dy, x, sums);
  } else {
    weight_gradient_of<2, 4, kRelu>(rows, inner, columns, dy, x, sums);
  }
}

}  // namespace nasforge
