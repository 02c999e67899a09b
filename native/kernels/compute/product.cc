// Products of packed matrices, a block of at most productRows × productColumns at a time.
#include "product_panels.h"
#include "table.h"
#include "vector.h"
#if defined(__AMX_BF16__)
#include "product_tiles.h"
#endif

namespace ncfm {
namespace NCFM_INSTRUCTION_SET {
namespace {

#if defined(__AMX_BF16__)
// Short products would be mostly zeros and packing.
bool onTiles(int64_t depth) { return depth >= 2 * tiles::tileDepth; }
#endif

}  // namespace

// Floats that strips take when packed as rows of the left matrix, and as columns of the right one.
int64_t productLeftSize(int64_t rows, int64_t depth) {
#if defined(__AMX_BF16__)
  if (onTiles(depth)) return tiles::size(rows, depth);
#endif
  return panels::leftSize(rows, depth);
}

int64_t productRightSize(int64_t columns, int64_t depth) {
#if defined(__AMX_BF16__)
  if (onTiles(depth)) return tiles::size(columns, depth);
#endif
  return panels::rightSize(columns, depth);
}

void productPackLeft(const Strips& rows, int64_t depth, float* packed) {
#if defined(__AMX_BF16__)
  if (onTiles(depth)) return tiles::pack(rows, depth, false, packed);
#endif
  panels::packLeft(rows, depth, packed);
}

void productPackRight(const Strips& columns, int64_t depth, float* packed) {
#if defined(__AMX_BF16__)
  if (onTiles(depth)) return tiles::pack(columns, depth, true, packed);
#endif
  panels::packRight(columns, depth, packed);
}

// target[productRows][productColumns] = left · right; behind `rows` and `columns` anything may be written.
void productMultiply(const float* left, int64_t rows, const float* right, int64_t columns, int64_t depth,
                     float* target) {
#if defined(__AMX_BF16__)
  if (onTiles(depth)) return tiles::multiply(left, rows, right, columns, depth, target);
#endif
  panels::multiply(left, rows, right, columns, depth, target);
}

}  // namespace NCFM_INSTRUCTION_SET
}  // namespace ncfm
