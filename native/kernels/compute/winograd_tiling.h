// The square tiles of results that Winograd's method computes at once, over some images.
#pragma once

#include "table.h"

namespace ncfm {
namespace NCFM_INSTRUCTION_SET {

struct Tiling {
  int64_t side, rows, columns;
  Tiling(const ConvolutionShape& shape, int64_t tileSide)
      : side(tileSide),
        rows((shape.height + tileSide - 1) / tileSide),
        columns((shape.width + tileSide - 1) / tileSide) {}
  int64_t count() const { return rows * columns; }
};

// The first result of a tile is below and to the right of the first pixel of the patch that it is computed from.
struct Tile {
  int64_t image, top, left;
  Tile(int64_t index, const Tiling& tiling)
      : image(index / tiling.count()),
        top(index % tiling.count() / tiling.columns * tiling.side),
        left(index % tiling.columns * tiling.side) {}
};

}  // namespace NCFM_INSTRUCTION_SET
}  // namespace ncfm
