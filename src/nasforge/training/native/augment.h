// From stored pixels to the network's input: crop, mirror, normalise, cut out, mix.
#pragma once

#include <cstdint>

#include "layout.h"

namespace nasforge {

// Shared with Python (bindings.py). Arrays have one element per sample; those of an option that is
// off are null.
struct Crops {
  const int64_t* index;           // which image
  const int64_t* rows;            // where the crop starts in the padded image
  const int64_t* columns;         //
  const uint8_t* mirrored;        // whether the crop is mirrored left to right
  const int64_t* cutout_rows;     // centre of the square set to zero
  const int64_t* cutout_columns;  //
  int32_t padding;                // black pixels added on each side
  int32_t cutout;                 // side of that square
};

// Shared with Python (bindings.py).
struct Images {
  const uint8_t* pixels;     // [images][3][size][size]
  const float* normalised;   // [3][256], what each stored value becomes
};

// One sample's row of one channel. `row` is null outside the image.
struct RowCrop {
  const uint8_t* row;
  const float* normalised;
  int size, first_column;
  bool mirrored;

  float at(int column) const {
    const int from = first_column + (mirrored ? size - 1 - column : column);
    return normalised[row != nullptr && from >= 0 && from < size ? row[from] : 0];
  }
};

// The rows or columns of a square of side `length` around a centre.
struct Interval {
  Interval(const int64_t* centres, int sample, int length) {
    if (centres == nullptr || length == 0) return;
    first = static_cast<int>(centres[sample]) - length / 2;
    end = first + length / 2 * 2;
  }
  bool holds(int i) const { return i >= first && i < end; }

  int first = 0, end = 0;
};

// Write one sample, or add `weight` times it to `1 - weight` times what is there.
template <class Write>
void augment_sample(const Images& images, const Crops& crops, int sample, const Map& x,
                    const Lanes& lanes, Write write) {
  const int size = x.size;
  const int top = crops.rows ? static_cast<int>(crops.rows[sample]) - crops.padding : 0;
  const int left = crops.columns ? static_cast<int>(crops.columns[sample]) - crops.padding : 0;
  const bool mirrored = crops.mirrored && crops.mirrored[sample];
  const Interval cut_rows(crops.cutout_rows, sample, crops.cutout);
  const Interval cut_columns(crops.cutout_columns, sample, crops.cutout);
  const uint8_t* image = images.pixels + crops.index[sample] * x.channels * size * size;
  for (int c = 0; c < x.channels; ++c, image += size * size) {
    float* to = x.channel(c) + sample;
    for (int h = 0; h < size; ++h) {
      const int from = top + h;
      const uint8_t* row = from >= 0 && from < size ? image + from * size : nullptr;
      const RowCrop crop = {row, images.normalised + 256 * c, size, left, mirrored};
      const bool cut = cut_rows.holds(h);
      for (int w = 0; w < size; ++w, to += lanes.padded) {
        write(to, cut && cut_columns.holds(w) ? 0.0f : crop.at(w));
      }
    }
  }
}

// Fill the network's input. With `partners`, each sample is mixed with another one.
inline void augment(const Images& images, const Crops& crops, const Crops* partners,
                    double mix_weight, const Map& x, const Lanes& lanes) {
  const float weight = static_cast<float>(mix_weight);
  const float rest = static_cast<float>(1 - mix_weight);
  if (lanes.live < lanes.padded) clear(x);
  for (int n = 0; n < lanes.live; ++n) {
    augment_sample(images, crops, n, x, lanes, [](float* to, float value) { *to = value; });
    if (partners == nullptr) continue;
    augment_sample(images, *partners, n, x, lanes, [weight, rest](float* to, float value) {
      *to = weight * *to + rest * value;
    });
  }
}

}  // namespace nasforge
