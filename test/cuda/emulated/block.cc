#include "block.h"

#include <ucontext.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "cuda_runtime.h"

namespace emulated {

Position position;

namespace {

constexpr size_t stackBytes = 1 << 17;
constexpr unsigned mostThreads = 1024, mostBlocksAcross = 65535;

enum class State { ready, waitsForBlock, waitsForWarp, done };

struct Thread {
  ucontext_t context;
  State state = State::done;
  std::unique_ptr<char[]> stack;
};

std::vector<Thread> threads;
ucontext_t scheduler;
int current = 0, count = 0;
const std::function<void()>* running = nullptr;
std::string problem;

void body() {
  (*running)();
  threads[static_cast<size_t>(current)].state = State::done;
  // Returning goes back to the scheduler.
}

void wait(State how) {
  Thread& own = threads[static_cast<size_t>(current)];
  own.state = how;
  swapcontext(&own.context, &scheduler);
}

void start(int index) {
  Thread& thread = threads[static_cast<size_t>(index)];
  if (thread.stack == nullptr) thread.stack = std::make_unique<char[]>(stackBytes);
  getcontext(&thread.context);
  thread.context.uc_stack.ss_sp = thread.stack.get();
  thread.context.uc_stack.ss_size = stackBytes;
  thread.context.uc_link = &scheduler;
  makecontext(&thread.context, body, 0);
  thread.state = State::ready;
}

void giveTurn(int index) {
  current = index;
  position.thread = dim3(static_cast<unsigned>(index), 0, 0);
  swapcontext(&scheduler, &threads[static_cast<size_t>(index)].context);
}

// Lets threads from `first` on go on where all that are not done wait in the same way; a thread that is done waits for
// nobody. Returns whether it did.
bool release(int first, int last, State waiting) {
  bool any = false;
  for (int i = first; i < last; ++i) {
    const State state = threads[static_cast<size_t>(i)].state;
    if (state != waiting && state != State::done) return false;
    any = any || state == waiting;
  }
  for (int i = first; any && i < last; ++i) {
    Thread& thread = threads[static_cast<size_t>(i)];
    if (thread.state == waiting) thread.state = State::ready;
  }
  return any;
}

bool releaseAny() {
  bool any = release(0, count, State::waitsForBlock);
  for (int first = 0; first < count; first += warpThreads) {
    any = release(first, std::min(first + warpThreads, count), State::waitsForWarp) || any;
  }
  return any;
}

bool allDone() {
  return std::all_of(threads.begin(), threads.begin() + count, [](const Thread& t) { return t.state == State::done; });
}

// A thread that reads what another writes with no barrier in between gets another result in one order than in the other:
// the order changes with every round.
void runBlock() {
  for (int i = 0; i < count; ++i) start(i);
  bool backwards = false;
  do {
    for (int turn = 0; turn < count; ++turn) {
      const int index = backwards ? count - 1 - turn : turn;
      if (threads[static_cast<size_t>(index)].state == State::ready) giveTurn(index);
    }
    backwards = !backwards;
  } while (problem.empty() && releaseAny());
  if (problem.empty() && !allDone()) problem = "threads wait for each other at different places";
}

}  // namespace

void waitForBlock() { wait(State::waitsForBlock); }
void waitForWarp() { wait(State::waitsForWarp); }
int currentThread() { return current; }

cudaError_t run(const std::function<void()>& kernel, dim3 grid, dim3 block, cudaStream_t) {
  problem.clear();
  const unsigned blockThreads = block.x * block.y * block.z;
  if (blockThreads == 0 || blockThreads > mostThreads || block.y * block.z != 1 || grid.x == 0 || grid.y == 0 ||
      grid.z == 0 || grid.y > mostBlocksAcross || grid.z > mostBlocksAcross) {
    return cudaErrorInvalidConfiguration;
  }
  running = &kernel;
  count = static_cast<int>(blockThreads);
  if (threads.size() < blockThreads) threads.resize(blockThreads);
  position.blockSize = block;
  position.gridSize = grid;
  for (unsigned z = 0; z < grid.z; ++z) {
    for (unsigned y = 0; y < grid.y; ++y) {
      for (unsigned x = 0; x < grid.x; ++x) {
        position.block = dim3(x, y, z);
        runBlock();
        if (!problem.empty()) return cudaErrorLaunchFailure;
      }
    }
  }
  return cudaSuccess;
}

}  // namespace emulated

const char* cudaGetErrorString(cudaError_t error) {
  if (error == cudaErrorLaunchFailure) return emulated::problem.c_str();
  return error == cudaErrorInvalidConfiguration ? "invalid configuration" : "no error";
}
