// An allocator that keeps large blocks for reuse.
//
// The steps of a run allocate the same large blocks again and again. glibc either gives them back to the system each
// time, and then about a third of LibTorch's time goes to page faults, or (with its thresholds raised) keeps them but
// cannot fit an aligned block into the hole that one of the same size left, so that memory grows. Here blocks come from
// the system in a few sizes, on huge pages where it has them, and go into a list when they are freed.
#include "allocator.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <torch/version.h>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <unordered_map>

namespace ncfm {
namespace {

#if defined(__linux__)

constexpr size_t hugePage = size_t{1} << 21;
// Smaller blocks are malloc's.
constexpr size_t smallestBlock = size_t{1} << 18;
constexpr int64_t mostSpare = int64_t{1} << 26;

// Sizes go in steps of an eighth of their power of two, so that nearly equal requests share blocks.
size_t blockSize(size_t bytes) {
  size_t power = smallestBlock;
  while (power * 2 <= bytes) power *= 2;
  const size_t step = power / 8;
  return (bytes + step - 1) / step * step;
}

// Aligned to huge pages from that size on. nullptr when the system has no more.
void* mapBlock(size_t bytes) {
  const size_t slack = bytes >= hugePage ? hugePage : 0;
  void* mapped = mmap(nullptr, bytes + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  if (slack == 0) return mapped;
  char* start = static_cast<char*>(mapped);
  const size_t misaligned = reinterpret_cast<uintptr_t>(start) % hugePage;
  const size_t before = misaligned == 0 ? 0 : hugePage - misaligned;
  if (before > 0) munmap(start, before);
  if (slack > before) munmap(start + before + bytes, slack - before);
  madvise(start + before, bytes, MADV_HUGEPAGE);
  return start + before;
}

class BlockAllocator final : public at::Allocator {
 public:
  // What serves small requests: LibTorch's own allocator.
  static at::Allocator& small() {
    static at::Allocator* const only = c10::GetDefaultCPUAllocator();
    return *only;
  }

  at::DataPtr allocate(size_t bytes) NCFM_ALLOCATE_CONST override {
    void* block = bytes < smallestBlock ? small().raw_allocate(bytes) : take(blockSize(bytes));
    return {block, block, &release, at::Device(at::kCPU)};
  }

  at::DeleterFnPtr raw_deleter() const override { return &release; }

  // An override only where LibTorch declares it.
  void copy_data(void* to, const void* from, std::size_t bytes) const { std::memcpy(to, from, bytes); }

  static AllocatorReport report() {
    const std::lock_guard<std::mutex> guard(state().mutex);
    return state().counts;
  }

  static void reset() {
    State& at = state();
    const std::lock_guard<std::mutex> guard(at.mutex);
    giveBack(at, at.counts.held);
    at.counts.mostUsed = at.counts.used;
    at.counts.mostHeld = at.counts.held;
  }

 private:
  struct State {
    std::mutex mutex;
    std::multimap<size_t, void*> kept;         // free blocks by size
    std::unordered_map<void*, size_t> blocks;  // every block that is in use, and its size
    AllocatorReport counts{0, 0, 0, 0};
  };

  // Never destroyed: tensors may outlive every other static object.
  static State& state() {
    static State* const only = new State;
    return *only;
  }

  static void* take(size_t size) {
    State& at = state();
    const std::lock_guard<std::mutex> guard(at.mutex);
    at.counts.used += static_cast<int64_t>(size);
    at.counts.mostUsed = std::max(at.counts.mostUsed, at.counts.used);
    // A block up to a quarter larger will do.
    const auto found = at.kept.lower_bound(size);
    if (found != at.kept.end() && found->first <= size + size / 4) {
      void* block = found->second;
      at.counts.used += static_cast<int64_t>(found->first - size);
      at.blocks[block] = found->first;
      at.kept.erase(found);
      return block;
    }
    makeRoom(at, size);
    void* block = mapBlock(size);
    if (block == nullptr) {
      giveBack(at, at.counts.held);
      block = mapBlock(size);
    }
    if (block == nullptr) at.counts.used -= static_cast<int64_t>(size);
    TORCH_CHECK(block != nullptr, "out of memory: the system has no block of ", size, " bytes for a tensor; ",
                at.counts.used, " bytes are in use");
    at.counts.held += static_cast<int64_t>(size);
    at.counts.mostHeld = std::max(at.counts.mostHeld, at.counts.held);
    at.blocks[block] = size;
    return block;
  }

  // What is held stays within `mostSpare` above what was ever used at once.
  static void makeRoom(State& at, size_t size) {
    const int64_t limit = at.counts.mostUsed + mostSpare;
    giveBack(at, at.counts.held + static_cast<int64_t>(size) - limit);
  }

  // Returns free blocks to the system, the largest first, until `bytes` are returned or none is left.
  static void giveBack(State& at, int64_t bytes) {
    while (bytes > 0 && !at.kept.empty()) {
      const auto largest = std::prev(at.kept.end());
      munmap(largest->second, largest->first);
      bytes -= static_cast<int64_t>(largest->first);
      at.counts.held -= static_cast<int64_t>(largest->first);
      at.kept.erase(largest);
    }
  }

  static void release(void* block) {
    if (block == nullptr) return;
    // Our blocks start at pages, small ones hardly ever do.
    if (reinterpret_cast<uintptr_t>(block) % 4096 != 0 || !keep(block)) small().raw_deallocate(block);
  }

  // Puts one of our blocks into the list of free ones; false when it is not one of ours.
  static bool keep(void* block) {
    State& at = state();
    const std::lock_guard<std::mutex> guard(at.mutex);
    const auto found = at.blocks.find(block);
    if (found == at.blocks.end()) return false;
    at.counts.used -= static_cast<int64_t>(found->second);
    at.kept.emplace(found->second, block);
    at.blocks.erase(found);
    return true;
  }
};

#endif

}  // namespace

bool installAllocator() {
#if defined(__linux__)
  c10::SetCPUAllocator(new BlockAllocator, /*priority=*/1);
  return true;
#else
  return false;
#endif
}

AllocatorReport reportAllocator() {
#if defined(__linux__)
  return BlockAllocator::report();
#else
  return {0, 0, 0, 0};
#endif
}

void resetAllocator() {
#if defined(__linux__)
  BlockAllocator::reset();
#endif
}

}  // namespace ncfm
